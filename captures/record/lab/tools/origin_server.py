#!/usr/bin/python3
"""An origin: HTTP/1.1 in the clear and over TLS (OpenSSL), behaviour by path, a line of JSON in the log for each answer.

Usage: origin_server.py CONFIG.json with log, keylog, http (port), https (port), certs {name: [crt, key]}, minimum, maximum, client_ca.
"""
import base64
import hashlib
import json
import re
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONFIG = json.load(open(sys.argv[1]))
LOG = open(CONFIG["log"], "a")
LOCK = threading.Lock()
CHALLENGES = {
    "/members": ('Basic realm="Members area"', "Basic"),
    "/api": ('Bearer realm="api", error="invalid_token"', "Bearer"),
    "/digest": ('Digest realm="Members area", nonce="8d2f0a61c1", qop="auth", algorithm=MD5', "Digest"),
    "/ntlm": ("NTLM", "NTLM"),
    "/windows": ("NTLM", "NTLM"),
    "/negotiate": ("Negotiate", "Negotiate"),
}

# A type 2 message ([MS-NLMP] section 2.2.1.2) of the domain EXAMPLE with a fixed server challenge: /windows answers a type 1 with it.
NTLM_TYPE_1, NTLM_TYPE_2 = "TlRMTVNTUAABAAAA", "TlRMTVNTUAACAAAADgAOADgAAAAFgooAiHdmVUQzIhEAAAAAAAAAABYAFgBGAAAAAAAAAAAAAABFAFgAQQBNAFAATABFAAIADgBFAFgAQQBNAFAATABFAAAAAAA="


def log(**fields):
    with LOCK:
        LOG.write(json.dumps({"time": time.time(), **fields}) + "\n")
        LOG.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ExampleOrigin/1.0"
    timeout = 20

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        path = self.path.split("?")[0]
        if path.startswith("/windows") and (self.headers.get("Authorization") or "").startswith(f"NTLM {NTLM_TYPE_1}"):
            return self.answer(401, b"", more=[("WWW-Authenticate", f"NTLM {NTLM_TYPE_2}")])
        for prefix, (challenge, scheme) in CHALLENGES.items():
            if path.startswith(prefix):
                given = (self.headers.get("Authorization") or "").split(" ")[0].lower()
                if given != scheme.lower() or path.endswith("/never"):
                    body, kind = (b'{"error":"invalid_token"}\n', "application/json") if scheme == "Bearer" else (
                        b"<html><h1>Members only</h1><p>Please log in to this site.</p></html>\n", "text/html")
                    return self.answer(401, body, kind, [("WWW-Authenticate", challenge), ("Set-Cookie", "visit=1; Path=/")])
        if match := re.fullmatch(r"/status/(\d{3})", path):
            return self.answer(int(match[1]), b"status\n")
        if match := re.fullmatch(r"/slow/(\d+)", path):
            time.sleep(int(match[1]) / 1000)
        if match := re.fullmatch(r"/bytes/(\d+)", path):
            return self.answer(200, b"0123456789abcdef" * (int(match[1]) // 16), "application/octet-stream")
        if path == "/ws" and self.headers.get("Upgrade", "").lower() == "websocket":
            return self.websocket()
        if path == "/chunked":
            return self.chunked()
        if path == "/page":  # what a browser loads: two more requests on the same connection
            return self.answer(200, b"<html><link rel=stylesheet href=/style.css><img src=/dot.png>Page</html>\n")
        self.answer(200, f"<html><h1>{self.headers.get('Host', '')}</h1></html>\n".encode())

    do_HEAD = do_POST = do_PUT = do_OPTIONS = do_GET

    def answer(self, status, body, kind="text/html", more=()):
        self.send_response(status)
        if status in (204, 304):  # RFC 9110 section 6.4.1: no content
            body = b""
        else:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in more:
            self.send_header(name, value)
        if "close" in self.path:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.note(status)
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.note(200)
        for size in (5, 300, 1):
            self.wfile.write(b"%x\r\n%s\r\n" % (size, b"c" * size))
        self.wfile.write(b"0\r\n\r\n")

    def websocket(self):
        key = self.headers.get("Sec-WebSocket-Key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 4.2.2
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.note(101)
        self.wfile.write(b"\x81\x05hello")
        time.sleep(0.3)
        self.wfile.write(b"\x88\x00")
        self.close_connection = True

    def note(self, status):
        tls = isinstance(self.connection, ssl.SSLSocket)
        peer = self.client_address
        log(peer=f"{peer[0].removeprefix('::ffff:')}:{peer[1]}", method=self.command, host=self.headers.get("Host"), path=self.path,
            status=status, tls=self.connection.version() if tls else None, sni=getattr(self.connection, "sni", None) if tls else None,
            resumed=self.connection.session_reused if tls else None,
            authorization=(self.headers.get("Authorization") or "").split(" ")[0] or None)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    context = None

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def finish_request(self, request, address):
        if self.context:  # the handshake belongs to the connection's thread, not to the accepting one
            request.settimeout(20)
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except (OSError, ssl.SSLError) as error:
                return log(peer=f"{address[0].removeprefix('::ffff:')}:{address[1]}", handshake=str(error))
            log(peer=f"{address[0].removeprefix('::ffff:')}:{address[1]}", tls=request.version(), sni=getattr(request, "sni", None))
        super().finish_request(request, address)
        if self.context:
            try:
                request.unwrap()  # close_notify, as RFC 8446 section 6.1 asks for
            except (OSError, ssl.SSLError, ValueError):
                pass

    def handle_error(self, *_):
        pass


def tls_context():
    contexts = {}
    for name, (crt, key) in CONFIG["certs"].items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if CONFIG.get("ciphers"):
            context.set_ciphers(CONFIG["ciphers"])
        context.minimum_version = getattr(ssl.TLSVersion, CONFIG.get("minimum") or "TLSv1_2")
        context.maximum_version = getattr(ssl.TLSVersion, CONFIG.get("maximum") or "TLSv1_3")
        context.load_cert_chain(crt, key)
        if CONFIG.get("client_ca"):
            context.load_verify_locations(CONFIG["client_ca"])
            context.verify_mode = ssl.CERT_REQUIRED
        if CONFIG.get("keylog"):
            context.keylog_filename = CONFIG["keylog"]
        context.set_alpn_protocols(["http/1.1"])
        contexts[name] = context
    first = next(iter(contexts.values()))

    def choose(connection, sni, _):
        connection.sni = sni
        connection.context = contexts.get(sni, first)

    first.sni_callback = choose
    return first


def main():
    threads = []
    for port, context in ((CONFIG.get("http"), None), (CONFIG.get("https"), tls_context())):
        if port:
            server = Server(("::", port), Handler)
            server.context = context
            threads.append(threading.Thread(target=server.serve_forever))
            threads[-1].start()
    for thread in threads:
        thread.join()


main()
