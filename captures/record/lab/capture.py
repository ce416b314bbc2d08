"""Starting and ending tcpdump or dumpcap, and the few questions asked of the file afterwards (through tshark)."""
import signal
import subprocess
import time

SETTLE_SECONDS = 0.4  # last acknowledgements and FINs still have to arrive
BUFFER_KIB = "65536"  # in immediate mode each packet takes a slot of the snap length: the default of 2 MiB holds eight


class Capture:
    """A running capture. Leave the `with` block and the file is complete."""

    def __init__(self, procs, ns, path, interfaces, expression, tool, args):
        self.procs, self.ns, self.path = procs, ns, path
        if tool == "dumpcap":
            argv = ["dumpcap", "-q", "-w", path]
            for dev in interfaces:
                argv += ["-i", dev, "-f", expression]
            ready = "File:"
        else:
            argv = ["tcpdump", "-Z", "root", "--immediate-mode", "-B", BUFFER_KIB, "-U", "-n", "-w", path, "-i", interfaces[0], *args, expression]
            args = ()
            ready = "listening on"
        self.argv, self.ready = argv + list(args), ready

    def __enter__(self):
        self.proc = self.procs.start(self.ns, self.argv)
        self.procs.wait_until(lambda: self.ready in _read(self.proc.log), "capture", self.proc)
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        time.sleep(SETTLE_SECONDS)
        self.procs.stop(self.proc, signal.SIGINT)


def lost_segments(path):
    """How many places tshark finds where the capture itself lacks a segment."""
    out = subprocess.run(["tshark", "-n", "-r", path, "-Y", "tcp.analysis.lost_segment or tcp.analysis.ack_lost_segment", "-T", "fields",
                          "-e", "frame.number"], capture_output=True, text=True).stdout
    return len(out.split())


def _read(path):
    with open(path, errors="replace") as f:
        return f.read()


def clients_in_order(path, proxies):
    """Client endpoints ("ip:port") of the connections to any of proxies (set of (ip, port)), by first frame."""
    out = subprocess.run(
        ["tshark", "-n", "-r", path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=l", "-e", "tcp.stream", "-e", "ip.src",
         "-e", "ipv6.src", "-e", "tcp.srcport", "-e", "ip.dst", "-e", "ipv6.dst", "-e", "tcp.dstport"],
        capture_output=True, text=True).stdout
    seen, order = set(), []
    for line in out.splitlines():
        stream, src4, src6, sport, dst4, dst6, dport = line.split("\t")
        if stream in seen:
            continue
        ends = ((src4 or src6, int(sport)), (dst4 or dst6, int(dport)))
        for proxy, client in (ends, ends[::-1]):
            if proxy in proxies:
                seen.add(stream)
                order.append(f"{client[0]}:{client[1]}")
                break
    return order
