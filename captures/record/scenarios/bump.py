"""Squid intercepts (ssl-bump), and proxies that are themselves behind TLS."""
from lab import net, pki
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

GOOD = f"{USER}:{PASSWORD}"
WWW, NEWS, SHOP = "https://www.example.com/", "https://news.example.com/", "https://shop.example.net/"
TARGET = "www.example.com:443"
BUMP = ["ssl_bump bump all"]


def bumped(lab, urls, verdicts, user=GOOD, args=("--proxy-anyauth",), exits=(0,), origin=None, version="TLS 1.3", **kw):
    """Squid that bumps, one curl; Squid's log does not say versions, so the scenario does. Gives curl's result."""
    judged = {k: kw.pop(k) for k in ("without", "guilty", "findings") if k in kw}
    lab.origin(**(origin or {}))
    squid = lab.squid(**{"bump": BUMP, **kw})
    with lab.capture():
        r = lab.curl(*urls, proxy=squid, user=user, args=args)
    lab.expect(r.exit in exits, r)
    lab.from_logs()
    for conn in lab.connections:
        if conn["tunnel"] and conn["tunnel"]["intercepted"]:
            conn["tunnel"].update(sni=conn["connects"][-1]["target"].split(":")[0], tlsVersion=version)
    lab.judge(*verdicts, without=judged.pop("without", ["encrypted"] * len(verdicts)), **judged)
    return r


@scenario("bump-noauth", "Squid intercepts (ssl_bump bump all), no authentication")
def bump_noauth(lab):
    bumped(lab, [WWW], ["ok"], user=None)


@scenario("bump-tls12", "Squid intercepts, TLS 1.2: its certificate can be read without keys")
def bump_tls12(lab):
    bumped(lab, [WWW], ["ok"], user=None, args=["--tls-max", "1.2"], version="TLS 1.2")


@scenario("bump-auth", "407 on the CONNECT, then interception: requests inside inherit the user, and nothing is asked again")
def bump_auth(lab):
    bumped(lab, [WWW, WWW + "page"], ["auth-ok"], auth=["Basic"], findings=["basic-in-clear"])


@scenario("bump-origin-401", "the site's own 401 through an intercepting Squid")
def bump_origin_401(lab):
    bumped(lab, [SHOP + "members"], ["tunnel-401-origin"], user=None, args=["--anyauth", "-u", "member:members-only"])


@scenario("bump-403-inside", "CONNECT is exempt from authentication, requests inside are not: Squid does not ask there, it refuses with 403")
def bump_403_inside(lab):
    bumped(lab, [WWW], ["ok"], auth=["Basic"], extra=["acl CONNECT method CONNECT"], rules=["http_access allow CONNECT"],
           user=None, args=())


@scenario("bump-unasked-inside", "CONNECT is exempt from authentication, and a rule of its own denies requests inside that are without (http_access deny !authenticated): Squid refuses them with the page that goes with 407")
def bump_unasked_inside(lab):
    bumped(lab, [WWW], ["ok"], auth=["Basic"], extra=["acl CONNECT method CONNECT"], rules=["http_access allow CONNECT", "http_access deny !authenticated"],
           user=None, args=())
    lab.findings = ["ok"]


@scenario("bump-user-not-admitted", "407 on the CONNECT, answered; inside one of the tunnels a rule admits only somebody else: Squid would ask anew, cannot do so there, and refuses with the page that goes with 407")
def bump_not_admitted(lab):
    bumped(lab, [WWW, NEWS], ["auth-ok", "auth-ok"], auth=["Basic"],
           extra=["acl CONNECT method CONNECT", "acl news dstdomain news.example.com", "acl boss proxy_auth boss"],
           rules=["http_access deny news !CONNECT !boss"])
    lab.expect([e["status"] for c in lab.connections for e in c["exchanges"]] == [200, 403], lab.connections)
    lab.findings = ["auth-ok", "basic-in-clear"]


@scenario("bump-some", "Squid intercepts one host and lets the other one through (splice)")
def bump_some(lab):
    bumped(lab, [WWW, NEWS], ["ok", "ok"], user=None,
           bump=["acl spliced dstdomain news.example.com", "ssl_bump splice spliced", "ssl_bump bump all"])


@scenario("bump-both-legs", "both legs of an intercepting Squid: two different certificates for one site; keys of both legs")
def bump_both_legs(lab):
    lab.origin()
    squid = lab.squid(bump=BUMP)
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]):
        r = lab.curl(WWW, SHOP + "members", proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    for conn in lab.connections:
        conn["tunnel"].update(sni=conn["connects"][-1]["target"].split(":")[0], tlsVersion="TLS 1.3")
    lab.judge("ok", "tunnel-401-origin", without=["encrypted"] * 2)


# Proxies behind TLS ----------------------------------------------------------------------------------------------------
@scenario("https-proxy", "the proxy itself is spoken to over TLS (https_port): CONNECT inside TLS, and TLS inside that; keys of both")
def https_proxy(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], tls=True, port=3443)
    lab.every_key = True
    lab.options = ["--proxy", f"{squid.ip}:{squid.port}"]
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"])


@scenario("https-proxy-origin-401", "CONNECT inside TLS to the proxy, and the site's own 401 in the tunnel inside")
def https_proxy_401(lab):
    lab.origin()
    squid = lab.squid(tls=True, port=3443)
    lab.every_key = True
    lab.options = ["--proxy", f"{squid.ip}:{squid.port}"]
    with lab.capture():
        r = lab.curl(SHOP + "members", proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("h2-proxy-chromium", "nghttpx as HTTP/2 proxy over TLS, with Squid behind it; Chromium opens two tunnels on one connection (RFC 9113 section 8.5)",
          requires=["nghttpx"])
def h2_proxy(lab):
    lab.origin()
    squid = lab.squid(ip="127.0.0.1", port=3129)
    crt, key = pki.leaf(lab.tmp, ["proxy.example.org", net.PROXY], issuer=pki.GATEWAY_CA)
    proxy = lab.other_proxy("nghttpx 1.52", ["nghttpx", "--http2-proxy", f"-f{net.PROXY},3443", "-b127.0.0.1,3129", "--workers=1",
                                        "--errorlog-file=/dev/stderr", key, crt], 3443, place="https://proxy.example.org:3443")
    lab.every_key = True
    lab.options = ["--proxy", f"{proxy.ip}:{proxy.port}"]
    lab.proxies = [proxy]
    with lab.capture():
        lab.chromium(WWW, NEWS, proxy=proxy)
    opened = sorted((e for e in squid.events() if e["stage"] == "connect"), key=lambda e: e["target"] != TARGET)
    lab.expect([e["target"].split(".")[0] for e in opened] == ["www", "news"], opened)
    seen = [e for e in lab.origins[0].events() if "status" in e]
    lab.add([connect(e["target"], e["status"]) for e in opened], tunnel(sni="www.example.com", version="TLS 1.3"),
            [exchange(e["method"], f"https://{e['host']}{e['path']}", e["status"], "origin") for e in seen])
    lab.connections[0]["tunnels"] = [tunnel(sni=e["target"].split(":")[0], version="TLS 1.3") for e in opened]
    lab.judge("ok", without=["encrypted"])
