"""Proxies that answer inside tunnels by themselves and ask for nothing: what looks most like a challenge without keys, and is none."""
from lab.scenario import scenario

from scenarios.labelled import HOSTS, pages
from scenarios.mitm_policy import challenge

REFUSED = ("www.example.com", "shop.example.net", "docs.example.org")


def calm(lab, rules, urls, delay=20, args=()):
    """Nobody asks for credentials: one curl through all urls, a tunnel for each host."""
    lab.wire(delay=delay)
    lab.origin(names=HOSTS)
    proxy = lab.mitmproxy(*rules)
    with lab.capture():
        r = lab.curl(*urls, proxy=proxy, args=args, timeout=50)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.expect(not {401, 407} & {e["status"] for c in lab.connections for e in c["exchanges"]}, lab.connections)
    lab.judge(*["ok"] * len(HOSTS), without=["encrypted"] * len(HOSTS))


@scenario("calm-proxy-refuses-some", "nobody asks: the proxy refuses three unrelated sites with one and the same 403 inside, at once, and lets three others pass; sites 40 ms away",
          wires="wan")
def refuses_some(lab):
    rules = [challenge(host, status=403, schemes=[], reason="Forbidden", page=600) for host in REFUSED]
    calm(lab, rules, [f"https://{host}/{path}" for host in HOSTS for path in ("", "page")])


@scenario("calm-proxy-cache", "nobody asks: pages from sites 40 ms away, then small answers that the proxy gives at once, as from a cache, and requests with larger fields behind them",
          wires="wan")
def cache(lab):
    rules = [challenge(host, status=200, schemes=[], reason="OK", after=1, page=300) for host in HOSTS]
    calm(lab, rules, [url for page in pages() for url in (page, page + "style", page + "a/longer/path/to/an/image/of/the/same/site")])
