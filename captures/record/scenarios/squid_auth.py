"""Squid asks where it should: 407 on the CONNECT."""
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario

GOOD, BAD = f"{USER}:{PASSWORD}", f"{USER}:wrong-for-test"


@scenario("squid-basic", "407 with Basic, answered on the same connection; the page comes through the tunnel")
def squid_basic(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"], findings=["basic-in-clear"])


@scenario("squid-noauth", "CONNECT answered 200 at once, a page through the tunnel")
def squid_noauth(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])


@scenario("squid-basic-wrong-password", "Basic credentials refused with 407 until curl gives up")
def squid_wrong(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=squid, user=BAD, args=["--proxy-anyauth"])
    lab.expect(r.exit != 0, r)
    lab.from_logs()
    lab.judge("auth-loop")


@scenario("squid-basic-no-credentials", "407, and curl has no credentials to come back with")
def squid_abandoned(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("auth-abandoned")
