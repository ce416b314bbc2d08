"""The proxy's own account beside the capture: mitmproxy with the policy addon, which also writes NAME.trace.txt and NAME.access.log."""
import threading

from lab.net import CLIENT2
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario
from scenarios.mitm_policy import NEWS, SHOP, WWW, challenge

GOOD = f"{USER}:{PASSWORD}"
DOCS = "https://docs.example.org/"
SECOND = ["--interface", CLIENT2]


def traced(lab, *rules, ports=False, args=()):
    lab.origin()
    return lab.mitmproxy(*rules, args=list(args), trace={"ports": ports})


@scenario("policy-trace-mixed", "two clients, seven tunnels: a 401 by the proxy, a 401 by the site, and nothing wrong; trace without ports")
def mixed(lab):
    proxy = traced(lab, challenge())
    with lab.capture():
        for urls, args in (([WWW, NEWS, SHOP + "members"], []), ([DOCS, NEWS], SECOND), ([NEWS + "again", WWW], [])):
            r = lab.curl(*urls, proxy=proxy, args=args)
            lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", "tunnel-401-proxy", "tunnel-401-origin", "ok", "tunnel-401-proxy", "tunnel-401-proxy", "ok", without=["encrypted"] * 7, guilty=[1, 4, 5])


@scenario("policy-trace-many-hosts", "one client, four unrelated sites, the proxy's 401 in each tunnel; trace without ports")
def many_hosts(lab):
    proxy = traced(lab, challenge("*"))
    with lab.capture():
        r = lab.curl(WWW, NEWS, SHOP, DOCS, proxy=proxy)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge(*["tunnel-401-proxy"] * 4, without=["encrypted"] * 4, guilty=[0, 1, 2, 3])


@scenario("policy-trace-context-lost", "asked with 407 on a first connection, authenticated on the CONNECTs of the next, asked again inside one of its tunnels; trace without ports")
def context_lost(lab):
    proxy = traced(lab, challenge(), args=["--proxyauth", GOOD])
    with lab.capture():
        r = lab.curl(NEWS, proxy=proxy)
        lab.expect(r.exit == 56, r)
        r = lab.curl(NEWS, WWW, proxy=proxy, user=GOOD)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", "tunnel-401-proxy", "ok", without=["auth-ok", "encrypted", "encrypted"], guilty=[1], findings=["basic-in-clear"])


@scenario("policy-trace-parallel", "two clients at the same time, several tunnels to the same sites at once, which are 40 ms away; trace with the clients' ports", wires="wan")
def parallel(lab):
    lab.wire(delay=20)
    proxy = traced(lab, challenge(), ports=True)
    results = []

    def run(args):
        for _ in range(2):
            results.append(lab.curl(NEWS, WWW, SHOP, proxy=proxy, args=[*args, "-Z", "--no-keepalive"]))

    with lab.capture():
        threads = [threading.Thread(target=run, args=(args,)) for args in ([], SECOND)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lab.expect(all(r.exit == 0 for r in results), results)
    lab.from_logs()
    by_client = {c["client"]: c for c in lab.connections}
    order = [by_client[client] for client in lab.order()]
    guilty = [n for n, c in enumerate(order) if any(e["sentBy"] == "proxy" for e in c["exchanges"])]
    lab.judge(*["tunnel-401-proxy" if n in guilty else "ok" for n in range(len(order))], without=["encrypted"] * len(order), guilty=guilty)
