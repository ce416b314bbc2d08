#!/bin/sh
# Makes the three roots of the laboratory. Run once: recording again one capture must not change the roots of the others.
set -eu
cd "$(dirname "$0")/.."
/usr/bin/python3 - <<'PY'
from lab import pki
pki.make_root(pki.ORIGIN_ROOT, "Example Test Origin Root")
pki.make_root(pki.GATEWAY_CA, "Example Test Web Gateway CA")
PY
if [ ! -e pki/mitmproxy-ca.crt ]; then # mitmproxy makes its own, with its own subject
  tmp=$(mktemp -d)
  timeout 8 mitmdump --no-server --set confdir="$tmp" >/dev/null 2>&1 || true
  openssl x509 -in "$tmp/mitmproxy-ca.pem" -out pki/mitmproxy-ca.crt
  openssl rsa -in "$tmp/mitmproxy-ca.pem" -traditional -out pki/mitmproxy-ca.key 2>/dev/null
  rm -r "$tmp"
fi
