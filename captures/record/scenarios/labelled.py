"""Who asked, in many tunnels each: the proxy or the sites, near and far, answered and not. Sizes and times are those of offices: the proxy in
the house, the sites 20 to 80 ms away. `npm run accuracy` counts over all captures what is said of them with keys and without."""
from lab.capture import clients_in_order
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario

from scenarios.mitm_policy import challenge

GOOD = f"{USER}:{PASSWORD}"
MEMBER = "member:members-only"
# Six hosts of three owners.
HOSTS = ("www.example.com", "news.example.com", "shop.example.net", "mail.example.net", "docs.example.org", "intranet.example.org")


def pages(path=""):
    return [f"https://{host}/{path}" for host in HOSTS]


def tunnels(lab, rules, urls, verdict, delay=20, args=(), user=None, gateway=None, findings=(), origin="scripted", exits=(0,)):
    """One curl through all urls; each connection has the same verdict. delay: milliseconds one way between proxy and sites."""
    lab.wire(delay=delay)
    if origin == "nginx":
        lab.nginx(names=HOSTS)
    else:
        lab.origin(names=HOSTS)
    proxy = lab.gateway(*rules, auth=gateway) if gateway else lab.mitmproxy(*rules)
    with lab.capture():
        r = lab.curl(*urls, proxy=proxy, user=user, args=args, timeout=50)
    lab.expect(r.exit in exits, r)
    judge_all(lab, proxy, verdict, findings)


def judge_all(lab, proxy, verdict, findings=()):
    """All connections alike, but those in which nobody asked: those are `ok`."""
    lab.from_logs()
    asked = {c["client"] for c in lab.connections if {401, 407} & {e["status"] for e in c["exchanges"]}}
    order = clients_in_order(lab.file, {(proxy.ip, proxy.port)})
    lab.expect(len(asked) >= 3, lab.connections)
    verdicts = [verdict if client in asked else "ok" for client in order]
    guilty = [n for n, client in enumerate(order) if client in asked and verdict in ("tunnel-401-proxy", "tunnel-407")]
    lab.judge(*verdicts, without=["encrypted"] * len(order), guilty=guilty, findings=findings)


@scenario("labelled-proxy-basic", "six sites 40 ms away; the proxy asks with 401 Basic in each tunnel, the client answers, and the page comes", wires="wan")
def proxy_basic(lab):
    tunnels(lab, [challenge("*", accept=True)], pages(), "tunnel-401-proxy", args=["--anyauth", "-u", GOOD])


@scenario("labelled-proxy-basic-80ms", "the same with sites 80 ms away and a page of 2 KiB", wires="wan")
def proxy_basic_80(lab):
    tunnels(lab, [challenge("*", accept=True, page=2048)], pages(), "tunnel-401-proxy", delay=40, args=["--anyauth", "-u", GOOD])


@scenario("labelled-proxy-ntlm", "six sites 40 ms away; the proxy asks with 401 NTLM in each tunnel, with the whole handshake", wires="wan")
def proxy_ntlm(lab):
    tunnels(lab, [challenge("*", schemes=["NTLM"], accept=True)], pages(), "tunnel-401-proxy", args=["--ntlm", "-u", f"EXAMPLE\\{GOOD}"])


@scenario("labelled-proxy-many", "six sites 40 ms away; the proxy asks with 401 Negotiate, NTLM and Basic in each tunnel, and the client gives up", wires="wan")
def proxy_many(lab):
    tunnels(lab, [challenge("*", schemes=["Negotiate", "NTLM", "Basic"])], pages(), "tunnel-401-proxy")


@scenario("labelled-proxy-20ms", "the same with Basic, and sites only 20 ms away", wires="wan")
def proxy_20(lab):
    tunnels(lab, [challenge("*", page=600)], pages(), "tunnel-401-proxy", delay=10)


@scenario("labelled-proxy-close", "six sites 40 ms away; the proxy asks with 401 and closes", wires="wan")
def proxy_close(lab):
    tunnels(lab, [challenge("*", close=True)], pages(), "tunnel-401-proxy")


@scenario("labelled-proxy-tls12", "six sites 40 ms away over TLS 1.2; the proxy asks with 401 Basic, the client answers", wires="wan")
def proxy_tls12(lab):
    tunnels(lab, [challenge("*", accept=True)], pages(), "tunnel-401-proxy", args=["--tls-max", "1.2", "--anyauth", "-u", GOOD])


@scenario("labelled-proxy-h2", "six sites 40 ms away over HTTP/2; the proxy asks with 401 Basic, the client answers", wires="wan")
def proxy_h2(lab):
    tunnels(lab, [challenge("*", accept=True)], pages(), "tunnel-401-proxy", args=["--http2", "--anyauth", "-u", GOOD], origin="nginx")


@scenario("labelled-gateway-basic", "407 on the CONNECT, answered; then 401 with the same realm inside each of six tunnels, sites 40 ms away", wires="wan")
def gateway_basic(lab):
    tunnels(lab, [challenge("*")], pages(), "tunnel-401-proxy", gateway=["Basic"], user=GOOD, args=["--proxy-basic"],
            findings=["challenge-after-success", "basic-in-clear"])


@scenario("labelled-proxy-near", "six sites as near as the proxy: the same challenge in each tunnel, and no time to tell by", wires="wan")
def proxy_near(lab):
    tunnels(lab, [challenge("*")], pages(), "tunnel-401-proxy", delay=0)


@scenario("labelled-site-basic", "six sites 40 ms away ask with their own 401 Basic through an intercepting proxy, the client answers", wires="wan")
def site_basic(lab):
    tunnels(lab, [], pages("members"), "tunnel-401-origin", args=["--anyauth", "-u", MEMBER])


@scenario("labelled-site-digest", "the same with Digest, and sites 20 ms away", wires="wan")
def site_digest(lab):
    tunnels(lab, [], pages("digest"), "tunnel-401-origin", delay=10, args=["--digest", "-u", MEMBER])


@scenario("labelled-site-ntlm", "six sites 40 ms away ask with their own 401 NTLM; nobody answers", wires="wan")
def site_ntlm(lab):
    tunnels(lab, [], pages("ntlm/never"), "tunnel-401-origin")


@scenario("labelled-site-negotiate-tenth", "nine pages of one site, then its own 401 Negotiate; and two more sites that ask at once", wires="wan")
def site_tenth(lab):
    nine = [f"https://www.example.com/page?{n}" for n in range(9)]
    urls = [*nine, "https://www.example.com/negotiate/never", "https://shop.example.net/negotiate/never", "https://docs.example.org/negotiate/never"]
    tunnels(lab, [], urls, "tunnel-401-origin")


@scenario("labelled-site-bearer", "six APIs 40 ms away ask for a bearer token", wires="wan")
def site_bearer(lab):
    tunnels(lab, [], pages("api/never"), "tunnel-401-origin")


@scenario("labelled-site-near", "six sites as near as the proxy ask with their own 401 Basic, the client answers", wires="wan")
def site_near(lab):
    tunnels(lab, [], pages("members"), "tunnel-401-origin", delay=0, args=["--anyauth", "-u", MEMBER])


@scenario("labelled-site-h2", "three sites 40 ms away ask with their own 401 Basic over HTTP/2", wires="wan")
def site_h2(lab):
    tunnels(lab, [], [f"https://{host}/members/" for host in HOSTS[:3]], "tunnel-401-origin", args=["--http2"], origin="nginx")


@scenario("labelled-calm-small", "nobody asks: six sites 40 ms away answer 204, 304, 302, 404 and tiny pages, several requests on each tunnel", wires="wan")
def calm_small(lab):
    lab.wire(delay=20)
    lab.origin(names=HOSTS)
    proxy = lab.mitmproxy()
    urls = [f"https://{host}/{path}" for host in HOSTS for path in ("status/204", "status/304", "status/404", "")]
    with lab.capture():
        r = lab.curl(*urls, proxy=proxy, timeout=50)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge(*["ok"] * len(HOSTS), without=["encrypted"] * len(HOSTS))


@scenario("labelled-calm-plain-tunnels", "nobody asks and nobody intercepts: six sites 40 ms away through Squid, several requests on each tunnel", wires="wan")
def calm_plain(lab):
    lab.wire(delay=20)
    lab.origin(names=HOSTS)
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(*[f"https://{host}/{path}" for host in HOSTS for path in ("", "status/404")], proxy=squid, timeout=50)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge(*["ok"] * len(HOSTS), without=["encrypted"] * len(HOSTS))


@scenario("labelled-proxy-ntlm-tls12", "six sites 60 ms away over TLS 1.2; the proxy asks with 401 NTLM in each tunnel, with the whole handshake", wires="wan")
def proxy_ntlm_tls12(lab):
    tunnels(lab, [challenge("*", schemes=["NTLM"], accept=True)], pages(), "tunnel-401-proxy", delay=30,
            args=["--tls-max", "1.2", "--ntlm", "-u", f"EXAMPLE\\{GOOD}"])


@scenario("labelled-proxy-basic-4k", "six sites 40 ms away; the proxy asks with 401 Basic and a page of 4 KiB, the client answers", wires="wan")
def proxy_basic_4k(lab):
    tunnels(lab, [challenge("*", accept=True, page=4096)], pages(), "tunnel-401-proxy", args=["--anyauth", "-u", GOOD])


@scenario("labelled-gateway-answered", "407 Basic on the CONNECT, answered; then 401 Basic inside each of six tunnels, answered, too; sites 40 ms away", wires="wan")
def gateway_answered(lab):
    tunnels(lab, [challenge("*", accept=True)], pages(), "tunnel-401-proxy", gateway=["Basic"], user=GOOD,
            args=["--proxy-basic", "--anyauth", "-u", GOOD], findings=["challenge-after-success", "basic-in-clear"])
