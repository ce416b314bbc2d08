"""Three namespaces on two cables: client (10.44.1.2) - proxy (10.44.1.80 / 10.44.2.80) - origin (10.44.2.x)."""
import os
import shutil
import subprocess

CLIENT = "10.44.1.2"
CLIENT2 = "10.44.1.3"
PROXY = "10.44.1.80"
PROXY_WAN = "10.44.2.80"
CLIENT6 = "fd44:0:0:1::2"
PROXY6 = "fd44:0:0:1::80"
PROXY6_WAN = "fd44:0:0:2::80"

# Every name of the laboratory. No name server is ever asked: /etc/netns/NAME/hosts is what each namespace sees.
HOSTS = {
    "www.example.com": "10.44.2.10",
    "news.example.com": "10.44.2.11",
    "shop.example.net": "10.44.2.12",
    "mail.example.net": "10.44.2.13",
    "docs.example.org": "10.44.2.14",
    "intranet.example.org": "10.44.2.15",
    "git.example.org": "10.44.2.16",
    "ssh.example.org": "10.44.2.17",
    "kdc.example.org": "10.44.1.80",
    "proxy.example.org": "10.44.1.80",
}
HOSTS6 = {"six.example.com": "fd44:0:0:2::10"}


def sh(*argv, check=True):
    return subprocess.run(argv, check=check, capture_output=True, text=True)


class Net:
    """The namespaces and their cables; `close` removes all of it."""

    def __init__(self, wires=None):
        """wires: `lan` or `wan`: this cable passes through a fourth namespace where a program of ours forwards frames (see lab/tools/wire.py)."""
        tag = f"pcr{os.getpid()}"
        self.client, self.proxy, self.origin, self.middle = (f"{tag}-{n}" for n in ("client", "proxy", "origin", "middle"))
        self.names = [self.client, self.proxy, self.origin] + ([self.middle] if wires else [])
        for ns in self.names:
            sh("ip", "netns", "add", ns)
            sh("ip", "-n", ns, "link", "set", "lo", "up")
            os.makedirs(f"/etc/netns/{ns}", exist_ok=True)
            with open(f"/etc/netns/{ns}/hosts", "w") as f:
                f.write("127.0.0.1 localhost\n::1 localhost\n")
                f.writelines(f"{ip} {name}\n" for name, ip in (HOSTS | HOSTS6).items())
            with open(f"/etc/netns/{ns}/resolv.conf", "w") as f:
                f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
            with open(f"/etc/netns/{ns}/nsswitch.conf", "w") as f:
                f.write("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
        near, far = (self.client, "02:44:00:00:01:02"), (self.proxy, "02:44:00:00:01:80")
        self._line(near, "eth0", far, "eth0", wires == "lan")
        near, far = (self.proxy, "02:44:00:00:02:80"), (self.origin, "02:44:00:00:02:10")
        self._line(near, "eth1", far, "eth0", wires == "wan")
        for ip in (f"{CLIENT}/24", f"{CLIENT2}/24"):
            self._address(self.client, "eth0", ip)
        self._address(self.proxy, "eth0", f"{PROXY}/24")
        self._address(self.proxy, "eth1", f"{PROXY_WAN}/24")
        for ip in sorted(set(HOSTS.values())):
            if ip.startswith("10.44.2."):
                self._address(self.origin, "eth0", f"{ip}/24")
        self._address(self.client, "eth0", f"{CLIENT6}/64")
        self._address(self.proxy, "eth0", f"{PROXY6}/64")
        self._address(self.proxy, "eth1", f"{PROXY6_WAN}/64")
        for ip in HOSTS6.values():
            self._address(self.origin, "eth0", f"{ip}/64")

    def _line(self, near, near_dev, far, far_dev, through):
        """One cable, or two with the fourth namespace between them."""
        if through:
            self._cable(near[0], near_dev, near[1], self.middle, "left", "02:44:00:00:00:01")
            self._cable(self.middle, "right", "02:44:00:00:00:02", far[0], far_dev, far[1])
            self.no_offload((near[0], near_dev), (self.middle, "left"), (self.middle, "right"), (far[0], far_dev))
        else:
            self._cable(near[0], near_dev, near[1], far[0], far_dev, far[1])

    def _cable(self, ns_a, dev_a, mac_a, ns_b, dev_b, mac_b):
        sh("ip", "link", "add", dev_a, "netns", ns_a, "address", mac_a, "type", "veth",
           "peer", "name", dev_b, "netns", ns_b, "address", mac_b)
        for ns, dev in ((ns_a, dev_a), (ns_b, dev_b)):
            # No link-local address: no router solicitations or multicast reports in the captures.
            sh("ip", "-n", ns, "link", "set", dev, "addrgenmode", "none")
            sh("ip", "-n", ns, "link", "set", dev, "up")

    @staticmethod
    def _address(ns, dev, ip):
        sh("ip", "-n", ns, "addr", "add", ip, "dev", dev, *(["nodad"] if ":" in ip else []))

    def no_offload(self, *places):
        """Real checksums and segments no larger than the MTU on (ns, dev): needed where frames are forwarded by a program."""
        for ns, dev in places:
            sh("ip", "netns", "exec", ns, "ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off")

    def close(self):
        for ns in self.names:
            sh("ip", "netns", "del", ns, check=False)
            shutil.rmtree(f"/etc/netns/{ns}", ignore_errors=True)
