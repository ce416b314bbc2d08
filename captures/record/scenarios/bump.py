"""Squid intercepts (ssl-bump), proxies are themselves behind TLS, and the versions of TLS."""
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


@scenario("bump-407-inside", "CONNECT is exempt from authentication, requests inside are not: Squid asks with 407 inside its intercepted tunnel")
def bump_407_inside(lab):
    bumped(lab, [WWW], ["tunnel-407"], auth=["Basic"], extra=["acl CONNECT method CONNECT"], rules=["http_access allow CONNECT"],
           exits=(0, 22, 56), guilty=[0])


@scenario("bump-some", "Squid intercepts one host and lets the other one through (splice)")
def bump_some(lab):
    bumped(lab, [WWW, NEWS], ["ok", "ok"], user=None,
           bump=["acl spliced ssl::server_name news.example.com", "ssl_bump peek all", "ssl_bump splice spliced", "ssl_bump bump all"]
           if False else ["acl spliced dstdomain news.example.com", "ssl_bump splice spliced", "ssl_bump bump all"])


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


@scenario("h2-proxy-chromium", "nghttpx as HTTP/2 proxy over TLS, with Squid behind it; Chromium opens tunnels to three hosts on one connection",
          requires=["nghttpx"])
def h2_proxy(lab):
    lab.origin()
    squid = lab.squid(ip="127.0.0.1", port=3129)
    crt, key = pki.leaf(lab.tmp, ["proxy.example.org", net.PROXY], issuer=pki.GATEWAY_CA)
    proxy = lab.other_proxy("nghttpx 1.52", ["nghttpx", "--http2-proxy", f"-f{net.PROXY},3443", "-b127.0.0.1,3129", "--workers=1", "--errorlog-file=/dev/stderr",
                                        key, crt], 3443)
    lab.every_key = True
    lab.options = ["--proxy", f"{proxy.ip}:{proxy.port}"]
    lab.proxies = [proxy]
    with lab.capture():
        lab.chromium(WWW, NEWS, "https://docs.example.org/",
                     proxy=type("P", (), {"url": "https://proxy.example.org:3443"}))
    connects = [connect(e["target"], e["status"], [], None) for e in sorted(squid.events(), key=lambda e: e["time"]) if e["stage"] == "connect"]
    lab.expect(connects, "no CONNECT")
    seen = [e for e in lab.origins[0].events() if "status" in e]
    lab.add(connects, tunnel(sni=None, version=None), [exchange(e["method"], f"https://{e['host']}{e['path']}", e["status"], "origin") for e in seen])
    lab.judge("ok", without=["encrypted"])


# Versions and suites ---------------------------------------------------------------------------------------------------
def version(name, about, openssl_version, ciphers, maximum, kind="rsa", minimum=None, extra=()):
    """A row: openssl s_client through Squid to an origin with this version and these suites."""

    @scenario(f"tls-{name}", about)
    def row(lab):
        lab.origin(minimum=minimum, maximum=maximum, ciphers=ciphers and f"{ciphers}:@SECLEVEL=0", kind=kind, keylog=True)
        squid = lab.squid()
        old = maximum in ("TLSv1", "TLSv1_1")
        with lab.capture():
            r = lab.openssl(f"-{openssl_version}", "-connect", TARGET, "-servername", "www.example.com", *extra,
                            *(["-cipher", f"{ciphers}:@SECLEVEL=0"] if ciphers and maximum != "TLSv1_3" else []), proxy=squid,
                            stdin="GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\nGET /members HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
                            env={"OPENSSL_CONF": lab.openssl_conf()} if old else None)
        lab.expect("401" in r.out, r)
        lab.from_logs()
        lab.judge("tunnel-401-origin", without=["encrypted"])

    return row


version("10-cbc-sha", "TLS 1.0, AES-128-CBC with SHA-1, encrypt-then-MAC", "tls1", "ECDHE-RSA-AES128-SHA", "TLSv1", minimum="TLSv1")
version("11-cbc-sha", "TLS 1.1, AES-256-CBC with SHA-1, encrypt-then-MAC", "tls1_1", "ECDHE-RSA-AES256-SHA", "TLSv1_1", minimum="TLSv1_1")
version("12-cbc-sha256", "TLS 1.2, AES-128-CBC with SHA-256", "tls1_2", "ECDHE-RSA-AES128-SHA256", "TLSv1_2")
version("12-cbc-sha384", "TLS 1.2, AES-256-CBC with SHA-384", "tls1_2", "ECDHE-RSA-AES256-SHA384", "TLSv1_2")
version("12-gcm", "TLS 1.2, AES-128-GCM", "tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1_2")
version("12-gcm-256", "TLS 1.2, AES-256-GCM with DHE", "tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1_2", kind="ec")
version("12-ccm", "TLS 1.2, AES-128-CCM", "tls1_2", "ECDHE-ECDSA-AES128-CCM", "TLSv1_2", kind="ec")
version("12-ccm8", "TLS 1.2, AES-256-CCM-8", "tls1_2", "ECDHE-ECDSA-AES256-CCM8", "TLSv1_2", kind="ec")
version("12-chacha20", "TLS 1.2, ChaCha20-Poly1305", "tls1_2", "ECDHE-RSA-CHACHA20-POLY1305", "TLSv1_2")
version("12-rsa-kx", "TLS 1.2, RSA key exchange, AES-128-GCM", "tls1_2", "AES128-GCM-SHA256", "TLSv1_2")
for suite, about in (("TLS_AES_128_GCM_SHA256", "AES-128-GCM"), ("TLS_AES_256_GCM_SHA384", "AES-256-GCM"), ("TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305"),
                     ("TLS_AES_128_CCM_SHA256", "AES-128-CCM"), ("TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8")):
    version(f"13-{suite.split('_SHA')[0][4:].lower().replace('_', '-')}", f"TLS 1.3, {about}", "tls1_3", None, "TLSv1_3", extra=["-ciphersuites", suite])
version("13-retry", "TLS 1.3 with HelloRetryRequest: the client's first key share does not fit", "tls1_3", None, "TLSv1_3", extra=["-groups", "P-521:X25519"])
