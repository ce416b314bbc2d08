"""mitmproxy intercepts, and an addon plays the policy that challenges inside the tunnel; and the site's own 401 beside it."""
from lab.capture import clients_in_order
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario

GOOD = f"{USER}:{PASSWORD}"
WWW, NEWS, SHOP = "https://www.example.com/", "https://news.example.com/", "https://shop.example.net/"


def challenge(host="news.example.com", stage="https", status=401, schemes=("Basic",), **more):
    """A rule of the policy: see lab/tools/mitm_policy.py."""
    return {"host": host, "stage": stage, "status": status, "schemes": list(schemes), **more}


def simple(lab, rules, urls, verdicts, user=None, args=(), mitm=(), without=None, guilty=(), findings=(), exits=(0,)):
    """Scripted origin, mitmproxy with rules, one curl; verdicts in order of connections."""
    lab.origin()
    proxy = lab.mitmproxy(*rules, args=list(mitm))
    with lab.capture():
        r = lab.curl(*urls, proxy=proxy, user=user, args=args)
    lab.expect(r.exit in exits, r)
    lab.from_logs()
    lab.judge(*verdicts, without=without or ["encrypted"] * len(verdicts), guilty=guilty, findings=findings)


@scenario("mitm-noauth", "an intercepting proxy, no challenge anywhere")
def mitm_noauth(lab):
    simple(lab, [], [WWW], ["ok"])


@scenario("mitm-401-basic", "the proxy answers the first request inside its intercepted tunnel with 401 Basic; the client has no credentials for the site")
def mitm_401_basic(lab):
    simple(lab, [challenge()], [NEWS], ["tunnel-401-proxy"], guilty=[0])


@scenario("mitm-401-basic-answered", "401 Basic by the proxy inside the tunnel; the client answers with credentials, and the proxy lets it pass")
def mitm_401_answered(lab):
    simple(lab, [challenge(accept=True)], [NEWS], ["tunnel-401-proxy"], args=["--anyauth", "-u", GOOD], guilty=[0])


@scenario("mitm-401-ntlm", "401 NTLM by the proxy inside the tunnel, with the whole handshake: three requests")
def mitm_401_ntlm(lab):
    simple(lab, [challenge(schemes=["NTLM"], accept=True)], [NEWS], ["tunnel-401-proxy"], args=["--ntlm", "-u", f"EXAMPLE\\{GOOD}"], guilty=[0])


@scenario("mitm-401-negotiate-ntlm", "401 with Negotiate and NTLM by the proxy inside the tunnel; nothing the client could do")
def mitm_401_negotiate(lab):
    simple(lab, [challenge(schemes=["Negotiate", "NTLM"])], [NEWS], ["tunnel-401-proxy"], guilty=[0])


@scenario("gateway-context-lost", "authenticated by 407 on the CONNECT, then asked again with 401 inside the tunnel: the authentication context is lost")
def gateway_context_lost(lab):
    lab.origin()
    proxy = lab.gateway(challenge(), auth=["Basic"])
    with lab.capture():
        r = lab.curl(NEWS, proxy=proxy, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-proxy", without=["encrypted"], guilty=[0], findings=["challenge-after-success", "basic-in-clear"])


@scenario("gateway-context-lost-ntlm", "NTLM on the CONNECT, then 401 NTLM inside the tunnel, answered by the client as if the site had asked")
def gateway_context_lost_ntlm(lab):
    lab.origin()
    proxy = lab.gateway(challenge(schemes=["NTLM"], accept=True), auth=["NTLM"])
    with lab.capture():
        r = lab.curl(NEWS, proxy=proxy, user=f"EXAMPLE\\{GOOD}", args=["--proxy-ntlm", "--ntlm", "-u", f"EXAMPLE\\{GOOD}"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-proxy", without=["encrypted"], guilty=[0], findings=["challenge-after-success"])


@scenario("gateway-mixed", "one proxy, four hosts: challenged at CONNECT, at both stages, only inside the tunnel, never")
def gateway_mixed(lab):
    lab.origin()
    proxy = lab.gateway(challenge(), challenge("shop.example.net"), auth=["Basic"],
                        extra=["acl exempt dstdomain shop.example.net docs.example.org"], rules=["http_access allow exempt"])
    with lab.capture():
        r = lab.curl(WWW, NEWS, SHOP, "https://docs.example.org/", proxy=proxy, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    with_407 = [c["connects"][0]["status"] == 407 for c in lab.connections]
    lab.expect(with_407.count(True) >= 1, lab.connections)
    # curl answers the first challenge and then sends its credentials unasked
    lab.judge("auth-ok", "tunnel-401-proxy", "tunnel-401-proxy", "ok", without=["encrypted"] * 4, guilty=[1, 2],
              findings=["mixed-auth-context", "basic-in-clear"])


@scenario("mitm-407-stuck", "mitmproxy asks with 407 and keeps the connection open, but never answers the second CONNECT on it")
def mitm_407_stuck(lab):
    lab.origin()
    proxy = lab.mitmproxy(args=["--proxyauth", GOOD])
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy, user=GOOD, args=["--proxy-anyauth"], timeout=8)
    lab.expect(r.exit == 28, r)
    lab.from_logs()
    lab.connections[0]["connects"].append({"target": "www.example.com:443", "status": None, "schemes": [], "credentials": "Basic"})
    lab.judge("no-response", findings=["basic-in-clear"])


@scenario("mitm-mixed", "through one proxy, unauthenticated: hosts that pass, and one that is challenged with 401 inside its tunnel")
def mitm_mixed(lab):
    simple(lab, [challenge()], [WWW, NEWS, SHOP], ["ok", "tunnel-401-proxy", "ok"], guilty=[1])


@scenario("mitm-407-inside", "the proxy answers inside its intercepted tunnel with 407, which no client accepts there")
def mitm_407_inside(lab):
    simple(lab, [challenge(status=407)], [NEWS], ["tunnel-407"], guilty=[0])


@scenario("mitm-401-tenth-request", "nine requests pass through the tunnel, the tenth is answered with 401 by the proxy")
def mitm_tenth(lab):
    simple(lab, [challenge(after=9)], [NEWS + f"page?{n}" for n in range(10)], ["tunnel-401-proxy"], guilty=[0])


@scenario("mitm-401-many-hosts", "one client, four unrelated sites, the same challenge by the proxy in each tunnel")
def mitm_many_hosts(lab):
    simple(lab, [challenge("*", page=900)], [WWW, NEWS, SHOP, "https://docs.example.org/"], ["tunnel-401-proxy"] * 4, guilty=[0, 1, 2, 3])


@scenario("mitm-401-large-page", "401 by the proxy with a page of 24 KiB")
def mitm_large(lab):
    simple(lab, [challenge(page=24 * 1024)], [NEWS], ["tunnel-401-proxy"], guilty=[0])


@scenario("mitm-401-close", "401 by the proxy with Connection: close, twice, on a tunnel each")
def mitm_close(lab):
    simple(lab, [challenge(close=True)], [NEWS, NEWS + "again"], ["tunnel-401-proxy"] * 2, guilty=[0, 1])


@scenario("mitm-401-both", "a 401 by the proxy and a 401 by the site in one capture, in a tunnel each")
def mitm_both(lab):
    simple(lab, [challenge()], [NEWS, SHOP + "members"], ["tunnel-401-proxy", "tunnel-401-origin"], guilty=[0])


@scenario("mitm-401-tls12", "401 by the proxy inside a TLS 1.2 tunnel: the proxy's certificate is readable without keys")
def mitm_tls12(lab):
    simple(lab, [challenge()], [NEWS], ["tunnel-401-proxy"], args=["--tls-max", "1.2"], guilty=[0])


@scenario("mitm-origin-401", "the site's own 401 Basic through an intercepting proxy, then credentials for the site")
def mitm_origin_401(lab):
    simple(lab, [], [SHOP + "members"], ["tunnel-401-origin"], args=["--anyauth", "-u", "member:members-only"])


@scenario("mitm-origin-401-bearer", "an API's own 401 Bearer with a JSON body through an intercepting proxy")
def mitm_origin_bearer(lab):
    simple(lab, [], [SHOP + "api/items"], ["tunnel-401-origin"])


@scenario("mitm-redirect-403", "the proxy answers inside the tunnel with 403, the site with a 404: errors, but no challenge")
def mitm_403(lab):
    simple(lab, [challenge(status=403, schemes=[], reason="Forbidden")], [NEWS, WWW + "status/404"], ["ok", "ok"])


@scenario("mitm-h2-401", "HTTP/2 inside the tunnel: the proxy answers a stream with 401; the origin (nginx) answers the others")
def mitm_h2(lab):
    lab.nginx(names=("www.example.com", "news.example.com"))
    proxy = lab.mitmproxy(challenge())
    with lab.capture():
        r = lab.curl(WWW, WWW + "page.html", NEWS, proxy=proxy, args=["--http2"])
    lab.expect(r.exit == 0 and r.transfers[0]["http_version"] == "2", r)
    lab.from_logs()
    lab.judge("ok", "tunnel-401-proxy", without=["encrypted"] * 2, guilty=[1])


@scenario("mitm-h2-origin-401", "HTTP/2 inside an intercepted tunnel: the origin's own 401, then its members' page")
def mitm_h2_origin(lab):
    lab.nginx()
    proxy = lab.mitmproxy()
    with lab.capture():
        r = lab.curl(WWW, WWW + "members/", WWW + "style.css", proxy=proxy, args=["--http2", "--anyauth", "-u", "member:members-only"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("mitm-both-legs", "both legs of the proxy in one pcapng: its own 401 for one host, the origin's 401 for another one")
def mitm_both_legs(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge())
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]):
        r = lab.curl(NEWS, SHOP + "members", WWW, proxy=proxy)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-proxy", "tunnel-401-origin", "ok", without=["encrypted"] * 3, guilty=[0])


@scenario("mitm-both-legs-lazy", "both legs, and a proxy that connects to the origin only when it has to: no server leg at all before its 401")
def mitm_both_lazy(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge(), args=["--set", "connection_strategy=lazy"])
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]):
        r = lab.curl(NEWS, SHOP + "members", proxy=proxy)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-proxy", "tunnel-401-origin", without=["encrypted"] * 2, guilty=[0])


@scenario("chromium-401-proxy", "Chromium loads pages of three hosts through an intercepting proxy that challenges one of them inside the tunnel")
def chromium_401(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge())
    with lab.capture():
        lab.chromium(WWW + "page", NEWS + "page", SHOP, proxy=proxy)
    lab.from_logs()
    statuses = {c["client"]: {e["status"] for e in c["exchanges"]} for c in lab.connections}
    order = clients_in_order(lab.file, {(proxy.ip, proxy.port)})
    guilty = [n for n, client in enumerate(order) if 401 in statuses[client]]
    lab.expect(guilty, lab.connections)
    lab.judge(*["tunnel-401-proxy" if n in guilty else "ok" for n in range(len(order))], without=["encrypted"] * len(order), guilty=guilty)


@scenario("forward-401-proxy", "http:// requests in absolute form: the proxy asks with 407 for one site, and for another one with 401")
def forward_proxy(lab):
    rules = [challenge("docs.example.org", "forward", 407, accept=True), challenge(stage="forward", header=["Proxy-Connection", "keep-alive"])]
    simple(lab, rules, ["http://docs.example.org/", "http://news.example.com/", "http://www.example.com/"], ["forward-401-proxy"],
           user=GOOD, args=["--proxy-anyauth"], without=["forward-401-proxy"], findings=["basic-in-clear"])


@scenario("forward-401-origin", "http:// requests in absolute form: the site's own 401, then its members' page")
def forward_origin(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl("http://shop.example.net/members", "http://www.example.com/", proxy=squid, args=["--anyauth", "-u", "member:members-only"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("forward-401-origin", findings=["basic-in-clear"])


@scenario("forward-both-legs", "absolute form, both legs in one Linux cooked capture (v2): the site's own 401 passes on both")
def forward_both_legs(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture("any"):
        r = lab.curl("http://shop.example.net/members", "http://www.example.com/", proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("forward-401-origin")


@scenario("forward-407", "http:// requests in absolute form, challenged with 407 as it should be")
def forward_407(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl("http://www.example.com/", "http://news.example.com/", proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", findings=["basic-in-clear"])


@scenario("forward-post-chunked", "absolute form: POST with a body and 100-continue, HEAD, a chunked response, a 304 and a 204 on one connection")
def forward_bodies(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        lab.python("""
import http.client
c = http.client.HTTPConnection(PROXY, timeout=8)
base = "http://www.example.com"
for method, path, body, headers in (("POST", "/form", b"x" * 3000, {"Expect": "100-continue"}), ("HEAD", "/", None, {}), ("GET", "/chunked", None, {}),
                                    ("GET", "/status/204", None, {}), ("GET", "/status/304", None, {"If-None-Match": '"1"'}), ("GET", "/bytes/20000", None, {})):
    c.request(method, base + path, body, {"Host": "www.example.com", **headers})
    r = c.getresponse()
    print(r.status, len(r.read()))
""", proxy=squid)
    lab.from_logs()
    lab.expect(sum(len(c["forwards"]) for c in lab.connections) == 6, lab.connections)
    lab.judge(*["ok"] * len(lab.connections))


@scenario("tunnel-http-origin-401", "plain HTTP inside a CONNECT tunnel (curl -p): the site's own 401 in the clear")
def tunnel_http_origin(lab):
    lab.origin()
    squid = lab.squid(extra=["acl CONNECT method CONNECT"])
    with lab.capture():
        r = lab.curl("http://shop.example.net/members", proxy=squid, args=["-p"])
    lab.expect(r.transfers[0]["http_code"] == 401, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin")


@scenario("tunnel-http-proxy-401", "plain HTTP inside a CONNECT tunnel (curl -p): the proxy looks inside and answers with 401")
def tunnel_http_proxy(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge())
    with lab.capture():
        r = lab.curl("http://news.example.com/", proxy=proxy, args=["-p"])
    lab.expect(r.transfers[0]["http_code"] == 401, r)
    lab.from_logs()
    lab.connections[0]["tunnel"]["protocol"] = "http"
    lab.judge("tunnel-401-proxy")


@scenario("tunnel-http", "plain HTTP inside a CONNECT tunnel (curl -p), nothing wrong")
def tunnel_http(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl("http://www.example.com/", proxy=squid, args=["-p"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("not-tls")


@scenario("squid-origin-401", "the site's own 401 through a proxy that does not intercept")
def squid_origin_401(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(SHOP + "members", proxy=squid, args=["--anyauth", "-u", "member:members-only"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("squid-auth-origin-401", "407 on the CONNECT, answered, and then the site's own 401: both sides do what they should")
def squid_auth_origin_401(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl(SHOP + "members", proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"], findings=["basic-in-clear"])


@scenario("squid-both-legs", "both legs of a proxy that does not intercept, in a Linux cooked capture (v1): the same certificate on both, the site's own 401")
def squid_both_legs(lab):
    lab.origin(maximum="TLSv1_2")
    squid = lab.squid()
    with lab.capture("any", args=["-y", "LINUX_SLL"]):
        r = lab.curl(SHOP + "members", proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])
