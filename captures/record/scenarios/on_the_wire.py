"""The same conversations as captures come in: other link types and formats, mirrors, loss, cuts, one direction only."""
import json
import os
import subprocess

from lab import net
from lab.proxies import PASSWORD, PYTHON, TOOLS, USER
from lab.scenario import scenario


GOOD = f"{USER}:{PASSWORD}"
WWW = "https://www.example.com/"


def talk(lab, capture, urls=(WWW,), auth=("Basic",), user=GOOD, args=("--proxy-anyauth",), proxy_url=None):
    """Squid, the usual origin, one curl; gives the result once the capture has ended."""
    lab.origin()
    squid = lab.squid(auth=list(auth))
    with capture():
        r = lab.curl(*urls, proxy=proxy_url or squid, user=user, args=args)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    return squid


# Formats ---------------------------------------------------------------------------------------------------------------
@scenario("format-nanosecond", "pcap with nanoseconds (tcpdump --time-stamp-precision=nano)")
def nanosecond(lab):
    talk(lab, lambda: lab.capture(args=["--time-stamp-precision=nano"]))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("format-gzip", "a pcap compressed with gzip")
def gzipped(lab):
    talk(lab, lambda: lab.capture(suffix=".pcap.gz"))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("format-pcapng", "pcapng of one interface (dumpcap)")
def pcapng(lab):
    talk(lab, lambda: lab.capture(suffix=".pcapng", tool="dumpcap"))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("format-embedded-keys", "pcapng with the TLS secrets inside (editcap --inject-secrets): no key log beside it")
def embedded(lab):
    talk(lab, lambda: lab.capture(suffix=".pcapng", tool="dumpcap"))
    plain = lab.file
    lab.file = f"{lab.tmp}/with/{lab.name}.pcapng"
    lab.mkdir("with")
    lab.sh("editcap", "--inject-secrets", f"tls,{lab.keylog('client')}", plain, lab.file)
    lab.judge("auth-ok", without=["auth-ok"])
    lab.no_keys = True


@scenario("both-legs-pcapng", "pcapng with the proxy's two interfaces, client leg and server leg (dumpcap -i eth0 -i eth1)")
def both_interfaces(lab):
    talk(lab, lambda: lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("cooked-v2", "Linux cooked capture v2 (tcpdump -i any) on the proxy, both legs")
def cooked2(lab):
    talk(lab, lambda: lab.capture("any"))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("cooked-v1", "Linux cooked capture v1 on the proxy, both legs")
def cooked1(lab):
    talk(lab, lambda: lab.capture("any", args=["-y", "LINUX_SLL"]))
    lab.judge("auth-ok", without=["encrypted"])


@scenario("ipv6", "proxy and origin over IPv6; one target by name, one by address in brackets")
def ipv6(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], ip=net.PROXY6)
    with lab.capture():
        r = lab.curl("https://six.example.com/", "https://[fd44:0:0:2::10]/", proxy=squid, user=GOOD, args=["--proxy-anyauth", "-k"])  # -k: an address has no SNI, so the origin shows its first certificate
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", "auth-ok", without=["encrypted", "encrypted"])


# Mirrors ---------------------------------------------------------------------------------------------------------------
@scenario("vlan", "frames tagged with 802.1Q on a trunk between client and proxy", wires="lan")
def vlan(lab):
    middle = lab.net.middle
    lab.net._cable(middle, "trunk0", "02:44:00:00:00:03", middle, "trunk1", "02:44:00:00:00:04")
    lab.wire(trunk=["trunk0", "trunk1"], vlan=44)
    talk(lab, lambda: lab.capture(middle, interfaces=["trunk0"], expression=""))
    lab.judge("auth-ok", without=["encrypted"])


def mirror(lab, kind, expression, device=None):
    """The proxy's client side is mirrored to the origin's machine; only what arrives there is captured."""
    lab.net.no_offload((lab.net.client, "eth0"), (lab.net.proxy, "eth0"))
    for ns in (lab.net.client, lab.net.proxy):  # room for the outer headers
        net.sh("ip", "-n", ns, "link", "set", "eth0", "mtu", "1400")
    proc = lab.procs.start(lab.net.proxy, [PYTHON, f"{TOOLS}/mirror.py", json.dumps({
        "interface": "eth0", "kind": kind, "device": device, "collector": net.HOSTS["intranet.example.org"]})])
    lab.procs.wait_until(lambda: "ready" in open(proc.log).read(), "mirror", proc)
    talk(lab, lambda: lab.capture("origin", expression=expression))


@scenario("mirror-vxlan", "mirrored traffic in VXLAN (the kernel's own)")
def mirror_vxlan(lab):
    net.sh("ip", "-n", lab.net.proxy, "link", "add", "vx", "type", "vxlan", "id", "44", "remote", net.HOSTS["intranet.example.org"],
           "dstport", "4789", "dev", "eth1")
    net.sh("ip", "-n", lab.net.proxy, "link", "set", "vx", "addrgenmode", "none", "up")
    mirror(lab, "device", "udp port 4789", "vx")
    lab.judge("auth-ok", without=["encrypted"])


@scenario("mirror-gre", "mirrored traffic in GRE with transparent Ethernet bridging (encapsulated by a program)")
def mirror_gre(lab):
    mirror(lab, "gretap", "proto 47")
    lab.judge("auth-ok", without=["encrypted"])


@scenario("mirror-erspan", "mirrored traffic in ERSPAN type II (encapsulated by a program)")
def mirror_erspan(lab):
    mirror(lab, "erspan2", "proto 47")
    lab.judge("auth-ok", without=["encrypted"])


@scenario("mirror-geneve", "mirrored traffic in Geneve (encapsulated by a program)")
def mirror_geneve(lab):
    mirror(lab, "geneve", "udp port 6081")
    lab.judge("auth-ok", without=["encrypted"])


# Loss ------------------------------------------------------------------------------------------------------------------
@scenario("loss-and-reordering", "a wire that loses, doubles and reorders segments; both ends recover, so nothing is missing", wires="lan")
def lossy(lab):
    lab.incomplete = True  # for tshark each reordered segment was once missing
    lab.wire(seed=7, delay=3, loss=0.06, duplicate=0.06, reorder=0.15)
    talk(lab, lambda: lab.capture(), urls=(WWW + "bytes/40000", WWW))
    lab.judge("auth-ok", without=["encrypted"])


def edited(lab, frames, keep=False):
    """Replace the capture by one without (or with only) these frames: what a capture that lost packets looks like."""
    lab.incomplete = True
    plain = lab.file
    lab.mkdir("edited")
    lab.file = f"{lab.tmp}/edited/{lab.name}.pcap"
    lab.sh("editcap", "-F", "pcap", *(["-r"] if keep else []), plain, lab.file, *[str(f) for f in frames])


def frames(lab, display_filter):
    out = subprocess.run(["tshark", "-n", "-r", lab.file, "-Y", display_filter, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True).stdout
    return [int(n) for n in out.split()]


@scenario("gap-at-answer", "the capture lost the segment with the answer to the CONNECT (taken out with editcap); TLS follows, so a tunnel was opened")
def gap_at_answer(lab):
    talk(lab, lambda: lab.capture(), auth=(), user=None, args=())
    edited(lab, frames(lab, "http.response.code == 200")[:1])
    lab.connections[0]["connects"][0]["status"] = None
    lab.judge("incomplete")


@scenario("gap-at-407", "the capture lost the answers to both CONNECTs (taken out with editcap), and ends there")
def gap_at_407(lab):
    talk(lab, lambda: lab.capture())
    lost = frames(lab, "tcp.srcport == 3128 and tcp.len > 0")
    hello = frames(lab, "tls.handshake.type == 1")[0]
    edited(lab, [*(f for f in lost if f < hello), f"{hello}-9999"])
    for c in lab.connections[0]["connects"]:
        c["status"], c["schemes"] = None, []
    lab.connections[0]["exchanges"], lab.connections[0]["tunnel"] = [], None
    lab.judge("incomplete")


@scenario("gap-in-records", "the capture lost two segments of the tunnel's data (taken out with editcap): keys help only up to there")
def gap_in_records(lab):
    lab.origin()
    squid = lab.squid()
    lab.net.no_offload((lab.net.client, "eth0"), (lab.net.proxy, "eth0"))
    with lab.capture():
        r = lab.curl(WWW + "bytes/30000", WWW, proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    data = frames(lab, "tcp.srcport == 3128 and tcp.len > 1000")
    edited(lab, data[len(data) // 2:len(data) // 2 + 2])
    lab.judge("encrypted")


@scenario("one-direction-client", "only what the client sends (one span port was forgotten)")
def one_direction_client(lab):
    lab.incomplete = True
    talk(lab, lambda: lab.capture(expression=f"tcp and src host {net.CLIENT}"))
    for c in lab.connections[0]["connects"]:
        c["status"], c["schemes"] = None, []
    lab.connections[0]["exchanges"] = []
    lab.connections[0]["tunnel"].update(tlsVersion=None)
    lab.judge("incomplete", findings=["capture-quality"])


@scenario("one-direction-proxy", "only what the proxy sends: no CONNECT is there to see")
def one_direction_proxy(lab):
    lab.incomplete = True
    squid = talk(lab, lambda: lab.capture(expression=f"tcp and src host {net.PROXY}"))
    lab.options = ["--proxy", f"{squid.ip}:{squid.port}"]
    lab.connections[0].update(connects=[], tunnel=None, exchanges=[])
    lab.judge("incomplete", findings=["capture-quality"])


LATE = """
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"CONNECT www.example.com:443 HTTP/1.1\\r\\nHost: www.example.com:443\\r\\n\\r\\n")
print(s.recv(4096)[:12])
tls = ssl.create_default_context(cafile=TRUST).wrap_socket(s, server_hostname="www.example.com")
open(sys.argv[1], "w").close()
time.sleep(2.5)
tls.sendall(b"GET / HTTP/1.1\\r\\nHost: www.example.com\\r\\nConnection: close\\r\\n\\r\\n")
print(tls.recv(65536)[:15])
tls.close()
"""


@scenario("late-capture", "the capture starts when the tunnel is already up: no CONNECT, no handshake")
def late(lab):
    lab.incomplete = True
    import threading
    lab.origin()
    squid = lab.squid()
    flag = f"{lab.tmp}/up"
    thread = threading.Thread(target=lambda: lab.python(LATE, proxy=squid, args=[flag]))
    thread.start()
    lab.procs.wait_until(lambda: os.path.exists(flag), "tunnel")
    with lab.capture():
        thread.join()
    lab.from_logs()
    lab.options = ["--proxy", f"{squid.ip}:{squid.port}"]
    lab.connections[0].update(connects=[], tunnel=None, exchanges=[])
    lab.judge("incomplete", findings=["capture-quality"])


@scenario("cut-file", "the file ends in the middle of a packet, before the CONNECT is answered")
def cut(lab):
    talk(lab, lambda: lab.capture(), auth=(), user=None, args=())
    answer = frames(lab, "http.response.code == 200")[0]
    edited(lab, [f"1-{answer}"], keep=True)
    with open(lab.file, "r+b") as f:
        f.truncate(os.path.getsize(lab.file) - 40)
    lab.connections[0].update(tunnel=None, exchanges=[])
    lab.connections[0]["connects"][0]["status"] = None
    lab.judge("incomplete", findings=["capture-quality"])


@scenario("snapped-200", "packets cut at 200 bytes (tcpdump -s 200): CONNECT and its answer are whole, TLS is not")
def snapped_200(lab):
    lab.incomplete = True
    talk(lab, lambda: lab.capture(args=["-s", "200"]), auth=(), user=None, args=())
    lab.connections[0]["exchanges"] = []
    lab.connections[0]["tunnel"].update(sni=None)
    lab.judge("encrypted", findings=["capture-quality"])


@scenario("snapped-96", "packets cut at 96 bytes: even the answers to the CONNECT are not whole")
def snapped_96(lab):
    lab.incomplete = True
    talk(lab, lambda: lab.capture(args=["-s", "96"]))
    lab.connections[0].update(exchanges=[])
    lab.connections[0]["tunnel"].update(sni=None, tlsVersion=None)
    for c in lab.connections[0]["connects"]:  # the status lines fit into 96 bytes, header fields do not
        c["schemes"], c["credentials"] = [], None
    lab.judge("incomplete", findings=["capture-quality"])


@scenario("mirror-duplicates", "each packet twice, as from a mirror of both ports (both ends of the client's cable in one capture)")
def duplicates(lab):
    lab.origin()
    squid = lab.squid()
    first = f"{lab.tmp}/client.pcap"
    with lab.capture("proxy", suffix="-b.pcap"):
        second = lab.file
        with lab.capture("client"):
            r = lab.curl(WWW, proxy=squid)
        os.rename(lab.file, first)
    lab.expect(r.exit == 0, r)
    lab.file = f"{lab.tmp}/{lab.name}.pcap"
    lab.sh("mergecap", "-F", "pcap", "-w", lab.file, first, second)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])
