// Why something could not be read, in words: names come from anywhere, and codes tell nobody anything.

export const NO_SUCH_FILE = "there is no such file";

/** What stands in a name for bytes that are no text: the file cannot be opened by it. */
export const NOT_UTF_8 = /\ufffd/;
export const UNREADABLE_NAME = "its name is no UTF-8, and leads nowhere: rename it";

/** What an errno means, for a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: NO_SUCH_FILE,
  ENOTDIR: NO_SUCH_FILE,
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EIO: "the disk reports an error",
  ESTALE: "the file is gone from its server",
  ENOMEM: "there is too little memory",
  EBUSY: "another program has it",
  ENXIO: "nothing is behind it",
  EPIPE: "the writer is gone",
  ECONNRESET: "the connection was reset",
  ECONNREFUSED: "the connection was refused",
  ECONNABORTED: "the connection was given up",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the host's address cannot be found out",
  ENETUNREACH: "the network cannot be reached",
  EHOSTUNREACH: "the host cannot be reached",
  ABORT_ERR: "it was given up",
  ERR_STREAM_PREMATURE_CLOSE: "the stream was closed before its end",
  ERR_STREAM_DESTROYED: "the stream was closed before its end",
  ERR_INVALID_ARG_VALUE: "no file can have such a name",
};

/** Why something could not be read: words that name no path, which stands before them anyway. */
export function readFailure(error: unknown): string {
  const reason = REASONS[codeOf(error) ?? ""];
  if (reason !== undefined) return reason;
  // Of the platform: "ENOTSUP: operation not supported on socket, open '/the/path'".
  return error instanceof Error
    ? error.message.replace(/^[A-Z0-9_]+: /, "").replace(/, \w+(?: '.*')?$/s, "")
    : String(error);
}

/** A mistake of this program, or of ciphers that were passed in: it costs one capture of many, and none of the others. */
export function ownFailure(error: unknown): string {
  return `pcapcheck itself failed (${error instanceof Error ? error.message : String(error)}): please report that`;
}

/** The code of an error of the platform, or null. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
