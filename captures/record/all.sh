#!/bin/sh
# Records all captures, or those named: captures/record/all.sh [NAME…]. Installs nothing; packages.txt says what is needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
missing=$(sed 's/#.*//' "$here/packages.txt" | xargs -n1 | while read -r p; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$p"
done)
[ -z "$missing" ] || echo "not installed: $missing(apt-get install; see packages.txt)" >&2
exec /usr/bin/python3 "$here/record.py" "$@"
