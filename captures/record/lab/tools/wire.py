#!/usr/bin/python3
"""A wire between two interfaces of one namespace, forwarded frame by frame, with faults or tags on the way (Linux without netem or 8021q will do).

Usage: wire.py JSON with left, right, seed, delay (ms), loss, duplicate, reorder (probabilities of frames that carry payload).
With trunk [a, b]: frames from left leave a tagged with 802.1Q `vlan`, come in at b, lose their tag and go on to right; and back.
"""
import heapq
import json
import random
import select
import socket
import struct
import sys
import time

CONFIG = json.loads(sys.argv[1])
ETH_P_ALL, ETH_P_8021Q, PACKET_OUTGOING, FRAME_MAX = 3, 0x8100, 4, 2048
REORDER_MS = 4.0  # how long a frame is held back so that others overtake it


def port(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((name, 0))
    return sock


def tagged(frame, vlan):
    return frame[:12] + struct.pack("!HH", ETH_P_8021Q, vlan) + frame[12:]


def untagged(frame):
    return frame[:12] + frame[16:] if frame[12:14] == b"\x81\x00" else frame  # the kernel has taken a received tag off already


def routes():
    """{socket: (socket that sends, change of the frame)}; only the first hop of each direction has faults."""
    left, right = port(CONFIG["left"]), port(CONFIG["right"])
    same = lambda frame: frame  # noqa: E731
    if "trunk" not in CONFIG:
        return {left: (right, same), right: (left, same)}, {left, right}
    a, b = (port(name) for name in CONFIG["trunk"])
    tag = lambda frame: tagged(frame, CONFIG["vlan"])  # noqa: E731
    return {left: (a, tag), b: (right, untagged), right: (b, tag), a: (left, untagged)}, {left, right}


def main():
    table, first_hops = routes()
    dice, queue, count = random.Random(CONFIG.get("seed", 1)), [], 0
    print("ready", flush=True)
    while True:
        timeout = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        for sock in select.select(list(table), [], [], timeout)[0]:
            frame, address = sock.recvfrom(FRAME_MAX)
            if address[2] == PACKET_OUTGOING:
                continue
            out, change = table[sock]
            due, copies = time.monotonic(), 1
            if sock in first_hops:
                due += CONFIG.get("delay", 0) / 1000
                if len(frame) > 90:  # frames with payload: handshakes of TCP stay quick
                    copies = 0 if dice.random() < CONFIG.get("loss", 0) else 2 if dice.random() < CONFIG.get("duplicate", 0) else 1
                    due += REORDER_MS / 1000 if dice.random() < CONFIG.get("reorder", 0) else 0
            for _ in range(copies):
                count += 1
                heapq.heappush(queue, (due, count, out, change(frame)))
        while queue and queue[0][0] <= time.monotonic():
            _, _, out, frame = heapq.heappop(queue)
            out.send(frame)


main()
