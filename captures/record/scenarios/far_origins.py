"""The proxy is near (well under a millisecond), the origins are far (40 ms): who answers shows in the time it takes."""
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario

from scenarios.mitm_policy import NEWS, SHOP, WWW, challenge

GOOD = f"{USER}:{PASSWORD}"
FAR_MS = 20  # one way: the line delays both directions


def far(lab, rules, urls, verdicts, guilty=(), mitm=(), args=(), user=None, findings=(), gateway=None, origin=None):
    """Like mitm_policy.simple, over a long line between proxy and origin; gateway: authentication at CONNECT by Squid in front."""
    lab.wire(delay=FAR_MS)
    if origin == "nginx":
        lab.nginx(names=("www.example.com", "news.example.com", "shop.example.net"))
    else:
        lab.origin()
    proxy = lab.gateway(*rules, auth=gateway) if gateway else lab.mitmproxy(*rules, args=list(mitm))
    with lab.capture():
        r = lab.curl(*urls, proxy=proxy, user=user, args=args)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge(*verdicts, without=["encrypted"] * len(verdicts), guilty=guilty, findings=findings)


@scenario("far-401-proxy", "401 Basic by the proxy at once, where the origin is 40 ms away", wires="wan")
def far_proxy(lab):
    far(lab, [challenge()], [NEWS], ["tunnel-401-proxy"], guilty=[0])


@scenario("far-401-origin", "the site's own 401 from 40 ms away, through an intercepting proxy", wires="wan")
def far_origin(lab):
    far(lab, [], [SHOP + "members"], ["tunnel-401-origin"])


@scenario("far-401-both", "pages, the proxy's 401 at once and the site's own 401 after 40 ms, in a tunnel each", wires="wan")
def far_both(lab):
    far(lab, [challenge()], [WWW, NEWS, SHOP + "members"], ["ok", "tunnel-401-proxy", "tunnel-401-origin"], guilty=[1])


@scenario("far-401-ntlm", "the proxy's 401 NTLM with its whole handshake in the tunnel, origin 40 ms away", wires="wan")
def far_ntlm(lab):
    far(lab, [challenge(schemes=["NTLM"], accept=True)], [NEWS], ["tunnel-401-proxy"], args=["--ntlm", "-u", f"EXAMPLE\\{GOOD}"], guilty=[0])


@scenario("far-401-basic-answered", "the proxy's 401 Basic, answered with larger credentials; then the page from 40 ms away", wires="wan")
def far_answered(lab):
    far(lab, [challenge(accept=True)], [NEWS], ["tunnel-401-proxy"], args=["--anyauth", "-u", GOOD], guilty=[0])


@scenario("far-401-unasked-credentials", "curl sends Basic credentials unasked on each CONNECT, and the proxy, which has no rule there, does not look at them: it asks inside the tunnels", wires="wan")
def far_unasked(lab):
    far(lab, [challenge("*")], [WWW, SHOP, "https://docs.example.org/"], ["tunnel-401-proxy"] * 3, user=GOOD, guilty=[0, 1, 2],
        findings=["challenge-after-success", "mixed-auth-context", "basic-in-clear"])


@scenario("far-401-many-hosts", "three unrelated sites, the same 401 at once in each tunnel, origins 40 ms away", wires="wan")
def far_many(lab):
    far(lab, [challenge("*")], [WWW, SHOP, "https://docs.example.org/"], ["tunnel-401-proxy"] * 3, guilty=[0, 1, 2])


@scenario("far-401-h2", "HTTP/2: the proxy's 401 at once, the origin's pages after 40 ms", wires="wan")
def far_h2(lab):
    far(lab, [challenge()], [WWW, NEWS], ["ok", "tunnel-401-proxy"], args=["--http2"], guilty=[1], origin="nginx")


@scenario("far-context-lost", "407 Basic on the CONNECT, answered; then 401 Basic with the same realm inside the tunnel at once, origin 40 ms away", wires="wan")
def far_context_lost(lab):
    far(lab, [challenge()], [WWW, NEWS], ["auth-ok", "tunnel-401-proxy"], user=GOOD, args=["--proxy-anyauth"], gateway=["Basic"], guilty=[1],
        findings=["challenge-after-success", "basic-in-clear"])


@scenario("far-slow-site", "no 401 by anybody: small and slow answers of sites 40 ms away, session tickets, several requests: nothing to suspect", wires="wan")
def far_innocent(lab):
    far(lab, [], [WWW + "status/404", WWW + "slow/300", NEWS + "status/403", SHOP], ["ok", "ok", "ok"])
