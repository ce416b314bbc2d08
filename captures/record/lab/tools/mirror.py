#!/usr/bin/python3
"""A mirror port: each frame seen on an interface is sent again, encapsulated, to a collector.

Usage: mirror.py JSON with interface, kind, source, collector. Kinds: gretap (RFC 1701/2784, transparent Ethernet bridging), erspan2 (type II),
geneve (RFC 8926), and device (frames go into the network device named by `device`, such as the kernel's own VXLAN).
"""
import json
import socket
import struct
import sys

CONFIG = json.loads(sys.argv[1])
ETH_P_ALL, PROTO_GRE, GENEVE_PORT = 3, 47, 6081
FRAME_MAX = 65536


def wrapped(kind, frame, number):
    if kind == "gretap":
        return struct.pack("!HH", 0, 0x6558) + frame
    if kind == "erspan2":  # GRE with a sequence number, then eight bytes: version 1, VLAN 0, session 7, index 1
        return struct.pack("!HHI", 0x1000, 0x88BE, number) + struct.pack("!II", 0x10000007, 1) + frame
    if kind == "geneve":
        return struct.pack("!BBHI", 0, 0, 0x6558, 44 << 8) + frame
    return frame


def main():
    kind = CONFIG["kind"]
    source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    source.bind((CONFIG["interface"], 0))
    if kind == "device":
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        out.bind((CONFIG["device"], 0))
        send = out.send
    elif kind == "geneve":
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        send = lambda data: out.sendto(data, (CONFIG["collector"], GENEVE_PORT))  # noqa: E731
    else:
        out = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTO_GRE)
        send = lambda data: out.sendto(data, (CONFIG["collector"], 0))  # noqa: E731
    print("ready", flush=True)
    number = 0
    while True:
        frame = source.recv(FRAME_MAX)
        number += 1
        send(wrapped(kind, frame, number))


main()
