"""One function per capture; files by subject."""
