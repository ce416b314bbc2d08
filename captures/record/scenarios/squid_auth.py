"""Squid asks where it should, 407 on the CONNECT, and what clients make of it."""
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario
from lab.truth import connect

GOOD, BAD = f"{USER}:{PASSWORD}", f"{USER}:wrong-for-test"
WWW = "https://www.example.com/"

@scenario("squid-noauth", "CONNECT answered 200 at once, a page through the tunnel")
def squid_noauth(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(WWW, proxy=squid)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])

@scenario("squid-basic", "407 with Basic, answered on the same connection; the page comes through the tunnel")
def squid_basic(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"], findings=["basic-in-clear"])

@scenario("squid-basic-preemptive", "wget sends Basic credentials with its first CONNECT: no challenge at all")
def squid_basic_preemptive(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.wget(WWW, proxy=squid, user=GOOD)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"], findings=["basic-in-clear"])

TWO_CONNECTIONS = """
import base64, http.client
context = ssl.create_default_context(cafile=TRUST)
for headers in ({}, {"Proxy-Authorization": "Basic " + base64.b64encode(b"user:secret-for-test").decode()}):
    c = http.client.HTTPSConnection(PROXY, context=context, timeout=8)
    c.set_tunnel("www.example.com", 443, headers)
    try:
        c.request("GET", "/")
        print(c.getresponse().status)
    except OSError as error:
        print(error)
    c.close()
"""

@scenario("squid-basic-next-connection", "407 on one connection, the credentials come on the next one: they belong together")
def squid_next(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.python(TWO_CONNECTIONS, proxy=squid)
    lab.expect(r.out.split()[-1] == "200", r.err)
    lab.from_logs()
    lab.judge("auth-ok", "auth-ok", without=["auth-ok", "encrypted"], findings=["basic-in-clear"])

@scenario("squid-basic-wrong-password", "Basic credentials refused with 407, after which curl gives up")
def squid_wrong(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=BAD, args=["--proxy-anyauth"])
    lab.expect(r.exit != 0, r)
    lab.from_logs()
    lab.judge("auth-abandoned", findings=["basic-in-clear"])

@scenario("squid-wrong-password-open-site", "curl sends a wrong password unasked: Squid, which asks for some sites only, lets it through to the open one and does not look at it, and refuses it for the other")
def squid_wrong_open(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], extra=["acl www dstdomain www.example.com"], rules=["http_access allow www"])
    with lab.capture():
        for url in (WWW, "https://news.example.com/", WWW):
            lab.curl(url, proxy=squid, user=BAD)
    lab.from_logs()
    lab.judge("ok", "auth-abandoned", "ok", without=["encrypted", "auth-abandoned", "encrypted"], findings=["challenge-after-success", "basic-in-clear"])


@scenario("squid-digest-wrong-password", "Digest credentials refused with 407, after which curl gives up")
def squid_digest_wrong(lab):
    lab.origin()
    squid = lab.squid(auth=["Digest"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=BAD, args=["--proxy-digest"])
    lab.expect(r.exit != 0, r)
    lab.from_logs()
    lab.judge("auth-abandoned")

LOOP = """
import base64, http.client
context = ssl.create_default_context(cafile=TRUST)
wrong = {"Proxy-Authorization": "Basic " + base64.b64encode(b"user:wrong-for-test").decode()}
s = socket.create_connection(PROXY.split(":"), 8)
for attempt in range(4):
    lines = ["CONNECT www.example.com:443 HTTP/1.1", "Host: www.example.com:443"] + [f"{k}: {v}" for k, v in wrong.items() if attempt]
    s.sendall(("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode())
    f = s.makefile("rb")
    status = f.readline()
    length = 0
    while (line := f.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    f.read(length)
    print(status)
    time.sleep(0.2)
"""

@scenario("squid-basic-loop", "the same wrong Basic credentials three times on one connection (scripted client), refused each time")
def squid_loop(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        lab.python(LOOP, proxy=squid)
    lab.from_logs()
    lab.expect(len(lab.connections[0]["connects"]) == 4, lab.connections)
    lab.judge("auth-loop", findings=["basic-in-clear"])

@scenario("chromium-loop", "Chromium answers each challenge with the same wrong password, until it is no longer given one")
def chromium_loop(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        lab.chromium(WWW, proxy=squid, credentials=BAD, wait=1)
    lab.from_logs()
    lab.judge(*["auth-loop"] * len(lab.connections), findings=["basic-in-clear"])

@scenario("squid-basic-no-credentials", "407, and curl has no credentials to come back with")
def squid_abandoned(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("auth-abandoned")

@scenario("squid-scheme-mismatch", "the proxy offers Negotiate and NTLM only, the client knows Basic only and gives up")
def squid_mismatch(lab):
    lab.origin()
    squid = lab.squid(auth=["NTLM"])
    with lab.capture():
        r = lab.python(TWO_CONNECTIONS.replace("({}, {", "({}, {} and {"), proxy=squid)
    lab.expect("407" in r.out, r.err)
    lab.from_logs()
    lab.judge("auth-abandoned", "auth-abandoned")

@scenario("squid-digest", "Digest: 407, then 200 on the same connection")
def squid_digest(lab):
    lab.origin()
    squid = lab.squid(auth=["Digest"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-digest"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"])

@scenario("squid-ntlm", "NTLM: 407, type 1, 407 with type 2, type 3, 200, all on one connection")
def squid_ntlm(lab):
    lab.origin()
    squid = lab.squid(auth=["NTLM"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=f"EXAMPLE\\{GOOD}", args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"])

@scenario("squid-negotiate", "Negotiate with a Kerberos ticket: 407, then 200", requires=["krb5kdc", "kinit"])
def squid_negotiate(lab):
    lab.origin()
    squid = lab.squid(auth=["Negotiate"])
    lab.kerberos.ticket("user")
    with lab.capture(expression="tcp port 3128"):
        r = lab.curl(WWW, proxy="http://proxy.example.org:3128", user=":", args=["--proxy-anyauth"], env=lab.kerberos.env)
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"])

@scenario("squid-many-schemes", "Negotiate, NTLM, Digest and Basic offered in one 407; curl picks Digest", requires=["krb5kdc"])
def squid_many(lab):
    lab.origin()
    squid = lab.squid(auth=["Negotiate", "NTLM", "Digest", "Basic"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-digest"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"])

@scenario("squid-two-hosts", "one host needs authentication, the other one is exempt; both tunnels are fine")
def squid_two_hosts(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], extra=["acl free dstdomain docs.example.org"], rules=["http_access allow free"])
    with lab.capture():
        r = lab.curl("https://docs.example.org/", WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", "auth-ok", without=["encrypted", "encrypted"], findings=["basic-in-clear"])

@scenario("chromium-basic", "Chromium, speculative connections included, authenticated by 407 Basic: several are challenged, few come back, all is well")
def chromium_basic(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        lab.chromium(WWW + "page", "https://news.example.com/page", "https://docs.example.org/", proxy=squid, credentials=GOOD, predict=True)
    lab.from_logs()
    challenged = {c["target"] for conn in lab.connections for c in conn["connects"] if c["status"] == 407}
    lab.expect("www.example.com:443" in challenged, lab.connections)
    in_order(lab, lambda c: "auth-ok" if c["connects"][0]["target"] in challenged else "ok",
             lambda c: "encrypted" if c["tunnel"] else "auth-ok", findings=["basic-in-clear"])


def in_order(lab, verdict, without, **more):
    """Judge connections whose number and order a browser decides, by functions of their truth."""
    from lab.capture import clients_in_order
    order = clients_in_order(lab.file, {(p.ip, p.port) for p in lab.proxies})
    by = {c["client"]: c for c in lab.connections}
    lab.judge(*[verdict(by[c]) for c in order], without=[without(by[c]) for c in order], **more)

@scenario("java-basic-disabled", "Java does not use Basic for tunnels unless told so: it has credentials, and still gives up", requires=["java"])
def java_basic(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"])
    source = lab.write("Fetch.java", """
import java.net.*;
public class Fetch {
  public static void main(String[] a) throws Exception {
    Authenticator.setDefault(new Authenticator() {
      protected PasswordAuthentication getPasswordAuthentication() { return new PasswordAuthentication("user", "secret-for-test".toCharArray()); }
    });
    Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(a[0], Integer.parseInt(a[1])));
    try { new URL("https://www.example.com/").openConnection(proxy).getInputStream(); } catch (java.io.IOException e) { System.out.println(e.getMessage()); }
  }
}
""")
    with lab.capture():
        r = lab.client_program(["java", "-XX:TieredStopAtLevel=1", source, squid.ip, str(squid.port)], "Java 17", timeout=60)
    lab.expect("407" in r.out, r)
    lab.from_logs()
    lab.judge(*["auth-abandoned"] * len(lab.connections))

@scenario("squid-ntlm-broken", "NTLM through a proxy that closes after each 407: the handshake can never end")
def ntlm_broken(lab):
    lab.origin()
    closed = ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: NTLM{}\r\nContent-Length: 0\r\nConnection: close\r\n"
              "Proxy-Connection: close\r\n\r\n")
    type2 = " TlRMTVNTUAACAAAADgAOADgAAAAFgooAIjNEVWZ3iBEAAAAAAAAAABYAFgBGAAAAAAAAAAAAAABFAFgAQQBNAFAATABFAAIADgBFAFgAQQBNAFAATABFAAAAAAA="
    proxy = lab.scripted([["head"], ["send", closed.format("")], ["close"]], [["head"], ["send", closed.format(type2)], ["close"]],
                         [["head"], ["send", closed.format("")], ["close"]])
    with lab.capture():
        lab.curl(WWW, proxy=proxy, user=GOOD, args=["--proxy-anyauth"])
    seen = proxy.requests()
    lab.expect(len(seen) >= 2, seen)
    credentials = [None, "NTLM", "NTLM", "NTLM"]
    for number, _ in enumerate(seen):
        lab.add([connect("www.example.com:443", 407, ["NTLM"], credentials[number])])
    lab.judge(*["auth-abandoned"] * len(seen), findings=["ntlm-broken-connection"])

@scenario("squid-negotiate-no-ticket", "a client without a Kerberos ticket sends NTLM inside Negotiate (gss-ntlmssp); Squid's helper knows only Kerberos, and asks for Negotiate anew", requires=["krb5kdc"])
def squid_no_ticket(lab):
    lab.origin()
    squid = lab.squid(auth=["Negotiate"])
    users = lab.write("ntlm-users", f"EXAMPLE:{GOOD}\n")
    with lab.capture(expression="tcp port 3128"):
        r = lab.curl(WWW, proxy="http://proxy.example.org:3128", user="user@EXAMPLE:", args=["--proxy-negotiate"], env={**lab.kerberos.env, "NTLM_USER_FILE": users})
    lab.expect(r.transfers[0]["http_connect"] == 407, r)
    lab.from_logs()
    lab.judge("auth-abandoned")
