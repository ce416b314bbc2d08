"""Who sent the 401 where that is easily mistaken: sites as near as the proxy, answers that the proxy replaces, several requests at once, both legs."""
import subprocess

from lab import net
from lab.scenario import scenario

from scenarios.mitm_policy import NEWS, SHOP, WWW, challenge

DOCS = "https://docs.example.org/"
MEMBERS = ("www.example.com", "shop.example.net")


def both(lab):
    """What the proxy sees on both of its interfaces, as one recording by one clock."""
    return lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"])


def told(lab, *verdicts, guilty=()):
    lab.sh("reordercap", lab.file, f"{lab.file}.sorted")  # dumpcap writes interface by interface
    subprocess.run(["mv", f"{lab.file}.sorted", lab.file], check=True)
    lab.from_logs()
    lab.judge(*verdicts, without=["encrypted"] * len(verdicts), guilty=guilty)


@scenario("near-site-401", "two sites as near as the proxy, which makes a certificate for each: their own 401 comes sooner than the handshake took")
def near_site(lab):
    lab.nginx(names=MEMBERS)
    proxy = lab.mitmproxy()
    with lab.capture():
        r = lab.curl(*(f"https://{name}/members/" for name in MEMBERS), proxy=proxy)
    lab.expect([t["http_code"] for t in r.transfers] == [401] * 2, r)
    lab.from_logs()
    lab.judge(*["tunnel-401-origin"] * 2, without=["encrypted"] * 2)


@scenario("both-legs-other-challenge", "both legs: the site asks for its members, and the proxy replaces that answer by a 401 of its own")
def other_challenge(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge(replace=True))
    with both(lab):
        r = lab.curl(NEWS + "members", proxy=proxy)
    lab.expect(r.exit == 0, r)
    told(lab, "tunnel-401-proxy", guilty=[0])


@scenario("both-legs-redirect", "both legs: the proxy sends the client to another host's login page, inside the tunnel, and never asks the site; beside it a page")
def redirect(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge(status=302, schemes=(), reason="Found", header=["Location", "https://login.example.org/?back=news"]))
    with both(lab):
        r = lab.curl(NEWS, WWW, proxy=proxy)
    lab.expect([t["http_code"] for t in r.transfers] == [302, 200], r)
    told(lab, "ok", "ok")


@scenario("both-legs-h2", "both legs, HTTP/2: the proxy answers the last of four requests with its own 401 while the others are at the origin")
def h2(lab):
    lab.nginx()
    proxy = lab.mitmproxy(challenge("www.example.com", path="/style", delay=30))
    with both(lab):
        r = lab.curl(WWW, WWW + "page.html", WWW + "dot.png", WWW + "style.css", proxy=proxy, args=["--http2", "-Z"])
    lab.expect(sorted(t["http_code"] for t in r.transfers) == [200, 200, 200, 401], r)
    told(lab, "tunnel-401-proxy", guilty=[0])


@scenario("both-legs-site-ntlm", "both legs: a site as near as the proxy asks for NTLM, with the whole handshake")
def site_ntlm(lab):
    lab.origin()
    proxy = lab.mitmproxy()
    with both(lab):
        r = lab.curl(SHOP + "windows", proxy=proxy, args=["--ntlm", "-u", "EXAMPLE\\member:members-only"])
    lab.expect(r.transfers[0]["http_code"] == 200, r)
    told(lab, "tunnel-401-origin")


@scenario("both-legs-one-address", "both legs of a proxy that has one address for clients and origins: sites' own 401, and a page", wires="wan")
def one_address(lab):
    lab.wire(delay=5)
    subprocess.run(["ip", "-n", lab.net.client, "route", "add", f"{net.PROXY_WAN}/32", "via", net.PROXY], check=True)
    lab.origin()
    proxy = lab.mitmproxy(ip=net.PROXY_WAN)
    with both(lab):
        r = lab.curl(SHOP + "members", WWW, DOCS + "members", proxy=proxy)
    lab.expect([t["http_code"] for t in r.transfers] == [401, 200, 401], r)
    told(lab, "tunnel-401-origin", "ok", "tunnel-401-origin")


@scenario("both-legs-reply-denied", "both legs: Squid intercepts, fetches the page and refuses to hand it on, with a 401 of its own")
def reply_denied(lab):
    lab.origin()
    proxy = lab.squid(bump=["ssl_bump bump all"], extra=[
        "acl shop dstdomain shop.example.net", "acl get method GET", "deny_info 401:ERR_ACCESS_DENIED get", "http_reply_access deny shop get",
        'reply_header_add WWW-Authenticate "Basic realm=\\"Example gateway\\"" shop get'])
    with both(lab):
        r = lab.curl(SHOP, proxy=proxy)
    lab.expect(r.transfers[0]["http_code"] == 401, r)
    own = proxy.events  # its log names the origin that it asked, and not that the answer is its own
    proxy.events = lambda: [e | {"own": e["own"] or e["status"] == 401} for e in own()]
    told(lab, "tunnel-401-proxy", guilty=[0])
