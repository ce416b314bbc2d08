"""mitmproxy intercepts, and an addon plays the policy that challenges inside the tunnel."""
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario

GOOD = f"{USER}:{PASSWORD}"


def challenge(host="news.example.com", stage="https", status=401, schemes=("Basic",), **more):
    """A rule of the policy: see lab/tools/mitm_policy.py."""
    return {"host": host, "stage": stage, "status": status, "schemes": list(schemes), **more}


@scenario("mitm-noauth", "an intercepting proxy, no challenge anywhere")
def mitm_noauth(lab):
    lab.origin()
    proxy = lab.mitmproxy()
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=proxy)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])


@scenario("mitm-401-basic", "the proxy answers the first request inside its intercepted tunnel with 401 Basic; the client has no credentials for the site")
def mitm_401_basic(lab):
    lab.origin()
    proxy = lab.mitmproxy(challenge(schemes=["Basic"]))
    with lab.capture():
        r = lab.curl("https://news.example.com/", proxy=proxy)
    lab.expect(r.transfers[0]["http_code"] == 401, r)
    lab.from_logs()
    lab.judge("tunnel-401-proxy", without=["encrypted"], guilty=[0])
