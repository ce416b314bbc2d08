#!/usr/bin/python3
"""A scripted proxy or origin, for answers that no real one gives. Each accepted connection plays the next script; the log says what was read.

Usage: scripted_peer.py CONFIG.json with port, log, optionally ip, scripts: a list (the last one repeats) of lists of steps:
  ["head"]            read one request head (up to the empty line), log its first line
  ["bytes", n]        read at least n bytes (n of a ClientHello, say)
  ["send", text]      send text as it is (latin-1)
  ["sleep", seconds]  wait
  ["connect", host, port]  open the way to an origin (kept for "relay")
  ["relay"]           copy both ways until both sides have ended
  ["reset"]           end with RST;  ["close"] end with FIN
"""
import json
import selectors
import socket
import struct
import sys
import threading
import time

CONFIG = json.load(open(sys.argv[1]))
LOG = open(CONFIG["log"], "a")


def log(**fields):
    LOG.write(json.dumps({"time": time.time(), **fields}) + "\n")
    LOG.flush()


def relay(a, b, rest):
    if rest:
        b.sendall(rest)
    selector = selectors.DefaultSelector()
    selector.register(a, selectors.EVENT_READ, b)
    selector.register(b, selectors.EVENT_READ, a)
    while selector.get_map():
        for key, _ in selector.select():
            data = key.fileobj.recv(65536)
            if data:
                key.data.sendall(data)
            else:
                selector.unregister(key.fileobj)
                key.data.shutdown(socket.SHUT_WR)


def play(sock, peer, script):
    buffer, upstream = b"", None
    try:
        for step, *args in script:
            if step == "head":
                while b"\r\n\r\n" not in buffer:
                    data = sock.recv(65536)
                    if not data:
                        raise EOFError
                    buffer += data
                head, buffer = buffer.split(b"\r\n\r\n", 1)
                log(client=f"{peer[0]}:{peer[1]}", request=head.split(b"\r\n")[0].decode("latin-1"))
            elif step == "bytes":
                while len(buffer) < args[0]:
                    data = sock.recv(65536)
                    if not data:
                        raise EOFError
                    buffer += data
                log(client=f"{peer[0]}:{peer[1]}", bytes=len(buffer))
                buffer = b""
            elif step == "send":
                sock.sendall(args[0].encode("latin-1"))
            elif step == "sleep":
                time.sleep(args[0])
            elif step == "connect":
                upstream = socket.create_connection((args[0], args[1]))
            elif step == "relay":
                relay(sock, upstream, buffer)
            elif step == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif step == "close":
                sock.shutdown(socket.SHUT_WR)
                sock.settimeout(3)
                while sock.recv(65536):
                    pass
    except (EOFError, OSError) as error:
        log(client=f"{peer[0]}:{peer[1]}", ended=repr(error))
    finally:
        sock.close()
        if upstream:
            upstream.close()


def main():
    server = socket.create_server((CONFIG.get("ip", ""), CONFIG["port"]))
    number = 0
    while True:
        sock, peer = server.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        script = CONFIG["scripts"][min(number, len(CONFIG["scripts"]) - 1)]
        number += 1
        threading.Thread(target=play, args=(sock, peer, script), daemon=True).start()


main()
