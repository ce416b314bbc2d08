"""Squid whose rules ask, refuse or end in ways of their own: content filters, pages of deny_info, a parent, names in the ClientHello."""
from lab.proxies import PASSWORD, PYTHON, TOOLS, USER
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

GOOD = f"{USER}:{PASSWORD}"
WWW, NEWS, SHOP = "https://www.example.com/", "https://news.example.com/", "https://shop.example.net/"
BUMP = ["ssl_bump bump all"]


def inside(url, status, by):
    """What Lab.add takes for an intercepted tunnel with one request in it."""
    host = url.split("/")[2]
    return {"connects": [connect(f"{host}:443", 200)], "tunnel": tunnel("tls", host, "TLS 1.3", intercepted=True),
            "exchanges": [exchange("GET", url, status, by)]}


@scenario("squid-icap-401", "http:// requests in absolute form: a content filter of the proxy (ICAP, a scripted server) answers those for one host with a 401; a site's own 401 beside it")
def icap(lab):
    lab.origin()
    icap_server = lab.procs.start(lab.net.proxy, [PYTHON, f"{TOOLS}/icap_server.py", "1344", "news.example.com"])
    lab.procs.wait_listening(lab.net.proxy, 1344, icap_server)
    squid = lab.squid(extra=["icap_enable on", "icap_service filter reqmod_precache icap://127.0.0.1:1344/filter", "adaptation_access filter allow all"])
    urls = ["http://news.example.com/", "http://shop.example.net/members"]
    with lab.capture():
        for url in urls:
            r = lab.curl(url, proxy=squid)
            lab.expect(r.transfers[0]["http_code"] == 401, r)
    lab.expect([e["path"] for e in lab.origins[0].events() if "status" in e] == ["/members"], "only the site that asks itself was asked")
    for url, by in zip(urls, ("proxy", "origin")):
        lab.add(forwards=[exchange("GET", url, 401, by)])
    lab.judge("forward-401-proxy", "forward-401-origin")


@scenario("squid-deny-info-401", "Squid refuses one host inside its tunnel with a page of deny_info that has the status 401, and asks for nothing; it has no authentication at all")
def deny_info(lab):
    lab.origin()
    squid = lab.squid(bump=BUMP, extra=["acl connect method CONNECT", "acl news dstdomain news.example.com", "deny_info 401:ERR_ACCESS_DENIED news"],
                      rules=["http_access allow connect", "http_access deny news"])
    with lab.capture():
        r = lab.curl(NEWS, WWW, proxy=squid)
    lab.expect([t["http_code"] for t in r.transfers] == [401, 200], r)
    lab.add(**inside(NEWS, 401, "proxy"))
    lab.add(**inside(WWW, 200, "origin"))
    lab.judge("tunnel-401-proxy", "ok", without=["encrypted"] * 2, guilty=[0])


@scenario("squid-deny-info-302", "Squid sends the client to another host's page (deny_info with 302) in place of one site, inside its tunnel and for http://; beside it a page")
def deny_redirect(lab):
    lab.origin()
    squid = lab.squid(bump=BUMP, extra=["acl connect method CONNECT", "acl news dstdomain news.example.com", "deny_info 302:http://login.example.org/ news"],
                      rules=["http_access allow connect", "http_access deny news"])
    with lab.capture():
        r = lab.curl(NEWS, WWW, NEWS.replace("https", "http"), proxy=squid)
    lab.expect([t["http_code"] for t in r.transfers] == [302, 200, 302], r)
    lab.add(**inside(NEWS, 302, "proxy"))
    lab.add(**inside(WWW, 200, "origin"))
    lab.add(forwards=[exchange("GET", NEWS.replace("https", "http"), 302, "proxy")])
    lab.judge("ok", "ok", "ok", without=["encrypted", "encrypted", "ok"], findings=["ok"])


@scenario("squid-user-not-admitted", "Squid lets the user in, but for one host it admits only somebody else, and asks anew (407) where it should refuse: its deny line ends with the users")
def not_admitted(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], extra=["acl news dstdomain news.example.com", "acl boss proxy_auth boss"], rules=["http_access deny news !boss"])
    with lab.capture():
        r = lab.curl(WWW, NEWS, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect([t["http_connect"] for t in r.transfers] == [200, 407], r)
    lab.from_logs()
    lab.judge("auth-ok", "auth-abandoned", without=["encrypted", "auth-abandoned"], findings=["challenge-after-success", "basic-in-clear"])


@scenario("squid-parent-other-scheme", "Squid takes the Digest credentials for itself; its parent, an Apache, asks for Basic ones, and has no use for those of cache_peer", requires=["apache2"])
def other_scheme(lab):
    lab.origin()
    squid = lab.squid_below_apache("Digest", login="*:other")
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.transfers[0]["http_connect"] == 407, r)
    lab.add([connect("www.example.com:443", 407, ["Digest"]), connect("www.example.com:443", 407, ["Basic"], "Digest")])
    lab.judge("auth-abandoned")


@scenario("squid-terminate", "Squid looks at the ClientHello, ends the tunnel to one host by the name in it (ssl_bump terminate), and lets the other one through (splice)")
def terminate(lab):
    lab.origin()
    squid = lab.squid(bump=["acl step1 at_step SslBump1", "acl refused ssl::server_name news.example.com", "ssl_bump peek step1", "ssl_bump terminate refused", "ssl_bump splice all"])
    with lab.capture():
        r = lab.curl(NEWS, WWW, proxy=squid)
    lab.expect([t["http_code"] for t in r.transfers] == [0, 200], r)
    lab.add([connect("news.example.com:443", 200)], tunnel("tls", "news.example.com"))
    lab.add([connect("www.example.com:443", 200)], tunnel("tls", "www.example.com", "TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("no-response", "ok", without=["no-response", "encrypted"])


@scenario("w3m-refuses-certificate", "w3m does not trust the site's certificate: it completes the handshake, and closes without an alert or a request", requires=["w3m"])
def w3m(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.client_program(["w3m", "-dump", WWW], "w3m 0.5.3", env={"https_proxy": squid.url})
    lab.expect("rejected" in r.err, r)
    lab.add([connect("www.example.com:443", 200)], tunnel("tls", "www.example.com", "TLS 1.3"))
    lab.judge("ok", without=["encrypted"])


GRPC = """
import sys, grpc
with open(sys.argv[1], "rb") as f:
    channel = grpc.secure_channel("www.example.com:443", grpc.ssl_channel_credentials(f.read()))
try:
    channel.unary_unary("/example.Service/Call")(b"", timeout=3)
except grpc.RpcError as error:
    print(error.code(), error.details())
"""


@scenario("grpc-without-h2", "gRPC speaks HTTP/2 only, and the site does not: the handshake is complete, no protocol is chosen, and the client leaves without a request")
def grpc(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.client_program(["/usr/bin/python3", "-c", GRPC, lab.trust], "gRPC 1.51.1 (Python)", env={"https_proxy": squid.url})
    lab.expect("missing selected ALPN" in r.out, r)
    lab.from_logs()
    lab.judge(*["ok"] * len(lab.connections), without=["encrypted"] * len(lab.connections))
