#!/usr/bin/python3
"""A content filter (ICAP, RFC 3507, REQMOD) that answers requests for one host with a 401 of its own, and lets all others pass.

Usage: icap_server.py PORT HOST
"""
import socketserver
import sys

PORT, HOST = int(sys.argv[1]), sys.argv[2].encode()
TAG = b'ISTag: "example-1"\r\n'
PAGE = b"<html><h1>Please sign in</h1></html>\n"
ANSWER = (b'HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nWWW-Authenticate: Basic realm="Example filter"\r\n'
          b"Content-Length: %d\r\n\r\n" % len(PAGE))


class Handler(socketserver.StreamRequestHandler):
    def head(self):
        """Lines up to the empty one; empty at the connection's end."""
        lines = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            lines.append(line)
        return lines

    def handle(self):
        while request := self.head():
            if request[0].startswith(b"OPTIONS"):
                self.wfile.write(b"ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nAllow: 204\r\n" + TAG + b"Encapsulated: null-body=0\r\n\r\n")
                continue
            asked = self.head()
            if b"CONNECT" not in asked[0] and b"Host: " + HOST + b"\r\n" in asked:
                self.wfile.write(b"ICAP/1.0 200 OK\r\n" + TAG + b"Encapsulated: res-hdr=0, res-body=%d\r\n\r\n" % len(ANSWER)
                                 + ANSWER + b"%x\r\n" % len(PAGE) + PAGE + b"\r\n0\r\n\r\n")
            else:
                self.wfile.write(b"ICAP/1.0 204 No Content\r\n" + TAG + b"Encapsulated: null-body=0\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server(("127.0.0.1", PORT), Handler).serve_forever()
