"""What goes wrong before or at the tunnel's start: refusals, silence, odd answers. Scripted only where no real proxy answers so."""
from lab.proxies import PASSWORD, USER
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

GOOD = f"{USER}:{PASSWORD}"
WWW = "https://www.example.com/"
TARGET = "www.example.com:443"
OPENED = "HTTP/1.1 200 Connection established\r\n\r\n"


def page(status, reason, *headers, body="<html>Please authenticate.</html>\n"):
    lines = [f"HTTP/1.1 {status} {reason}", "Content-Type: text/html", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def scripted(lab, script, url=WWW, args=(), timeout=12, **kw):
    """curl against a scripted proxy; gives the proxy and the result."""
    proxy = lab.scripted(script)
    with lab.capture():
        r = lab.curl(url, proxy=proxy, args=args, timeout=timeout, **kw)
    lab.expect(len(proxy.requests()) >= 1, r)
    return proxy, r


# A client that sends one CONNECT after the other on one connection, reads past interim answers, and then speaks TLS to the last name.
RAW_CONNECT = """
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
f = s.makefile("rb", buffering=0)
for name in {names!r}:
    s.sendall(f"CONNECT {{name}}:443 HTTP/1.1\\r\\nHost: {{name}}:443\\r\\n\\r\\n".encode())
    status = 100
    while status < 200:
        status, length = int(f.readline().split()[1]), 0
        while (line := f.readline().strip()):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
    print(status)
    while status >= 300 and length > 0:
        length -= len(f.read(length))
tls = ssl.create_default_context(cafile=TRUST).wrap_socket(s, server_hostname=name)
tls.sendall(f"GET / HTTP/1.1\\r\\nHost: {{name}}\\r\\nConnection: close\\r\\n\\r\\n".encode())
print(tls.recv(65536)[:15])
tls.close()
"""


# Refused ---------------------------------------------------------------------------------------------------------------
@scenario("squid-403", "Squid refuses a target by its rules: 403 to the CONNECT")
def squid_403(lab):
    squid = lab.squid(extra=["acl blocked dstdomain www.example.com"], rules=["http_access deny blocked"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("tunnel-refused")


@scenario("squid-503-no-such-name", "the target's name does not resolve: 500 to the CONNECT")
def squid_503_dns(lab):
    squid = lab.squid(extra=["dns_retransmit_interval 1 second"])
    with lab.capture():
        r = lab.curl("https://nowhere.example.com/", proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("tunnel-refused")


@scenario("squid-503-port-closed", "nothing listens at the target: 503 to the CONNECT")
def squid_503_closed(lab):
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(WWW, proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("tunnel-refused")


@scenario("squid-auth-403", "407, credentials accepted, and then 403: the user may not go there")
def squid_auth_403(lab):
    squid = lab.squid(auth=["Basic"], extra=["acl blocked dstdomain www.example.com"], rules=["http_access allow authenticated !blocked", "http_access deny authenticated blocked"])
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 56, r)
    lab.from_logs()
    lab.judge("tunnel-refused", findings=["basic-in-clear"])


@scenario("tinyproxy-ok", "tinyproxy, no authentication: CONNECT answered in HTTP/1.0")
def tinyproxy_ok(lab):
    lab.origin()
    proxy = lab.tinyproxy()
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy)
    lab.expect(r.exit == 0, r)
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com", version="TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("ok", without=["encrypted"])


@scenario("tinyproxy-refused-port", "tinyproxy refuses CONNECT to a port that is not allowed")
def tinyproxy_port(lab):
    proxy = lab.tinyproxy()
    with lab.capture():
        r = lab.curl("https://www.example.com:8443/", proxy=proxy)
    lab.expect(r.exit == 56, r)
    lab.add([connect("www.example.com:8443", r.transfers[0]["http_connect"])])
    lab.judge("tunnel-refused")


@scenario("tinyproxy-basic", "tinyproxy with BasicAuth: 407 and a closed connection, then a new one with credentials")
def tinyproxy_basic(lab):
    lab.origin()
    proxy = lab.tinyproxy(f"BasicAuth {USER} {PASSWORD}")
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.add([connect(TARGET, 407, ["Basic"])])
    lab.add([connect(TARGET, 200, [], "Basic")], tunnel(sni="www.example.com", version="TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("auth-ok", "auth-ok", without=["auth-ok", "encrypted"], findings=["basic-in-clear"])


@scenario("tinyproxy-wrong-password", "tinyproxy answers wrong credentials on a CONNECT with 401 instead of 407")
def tinyproxy_wrong(lab):
    proxy = lab.tinyproxy(f"BasicAuth {USER} {PASSWORD}")
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy, user=f"{USER}:wrong-for-test")
    lab.expect(r.exit == 56 and r.transfers[0]["http_connect"] == 401, r)
    lab.add([connect(TARGET, 401, [], "Basic")])
    lab.judge("connect-401", findings=["basic-in-clear"])


@scenario("privoxy-ok", "Privoxy: a tunnel and a forwarded page")
def privoxy_ok(lab):
    lab.origin()
    proxy = lab.privoxy()
    with lab.capture():
        first = lab.curl("http://www.example.com/", proxy=proxy)
        second = lab.curl(WWW, proxy=proxy)
    lab.expect(first.exit == 0 and second.exit == 0, (first, second))
    lab.add(forwards=[exchange("GET", "http://www.example.com/", 200, "origin")])
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com", version="TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("ok", "ok", without=["ok", "encrypted"])


@scenario("privoxy-blocked", "Privoxy blocks a site: 403 to the CONNECT")
def privoxy_blocked(lab):
    proxy = lab.privoxy(actions="{+block{test}}\nwww.example.com\n")
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy)
    lab.expect(r.exit == 56, r)
    lab.add([connect(TARGET, r.transfers[0]["http_connect"])])
    lab.judge("tunnel-refused")


@scenario("apache-basic", "Apache httpd as forward proxy (mod_proxy_connect): 407 Basic, then 200")
def apache_basic(lab):
    lab.origin()
    proxy = lab.apache('AuthType Basic\nAuthName "Example gateway"\nAuthUserFile PASSWD\nRequire valid-user')
    with lab.capture():
        r = lab.curl(WWW, proxy=proxy, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.exit == 0, r)
    lab.add([connect(TARGET, 407, ["Basic"]), connect(TARGET, 200, [], "Basic")], tunnel(sni="www.example.com", version="TLS 1.3"),
            [exchange("GET", WWW, 200, "origin")])
    lab.judge("auth-ok", without=["encrypted"], findings=["basic-in-clear"])


@scenario("haproxy-auth-squid", "HAProxy in front of Squid asks for credentials itself", requires=["haproxy"])
def haproxy(lab):
    lab.origin()
    squid = lab.squid(ip="10.44.1.80")
    conf = lab.write("haproxy.cfg", f"""
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
userlist people
  user {USER} insecure-password {PASSWORD}
frontend in
  bind {squid.ip}:8080
  http-request auth realm Gateway unless {{ http_auth(people) }}
  default_backend squid
backend squid
  server squid {squid.ip}:3128
""")
    proxy = lab.other_proxy("HAProxy 2.6", ["haproxy", "-f", conf, "-db"], 8080)
    with lab.capture(expression="tcp port 8080"):
        r = lab.curl(WWW, proxy=proxy)
    status = r.transfers[0]["http_connect"]
    lab.expect(status in (401, 407), r)
    lab.proxies = [proxy]
    lab.add([connect(TARGET, status, ["Basic"])])
    lab.judge("connect-401" if status == 401 else "auth-abandoned")


# Silence ---------------------------------------------------------------------------------------------------------------
@scenario("squid-no-answer", "the target does not exist on its network and the client gives up first: CONNECT is never answered")
def squid_no_answer(lab):
    squid = lab.squid(extra=["connect_timeout 15 seconds", "forward_timeout 20 seconds"])
    with lab.capture():
        r = lab.curl("https://10.44.2.99/", proxy=squid, args=["--max-time", "1.5"])
    lab.expect(r.exit == 28, r)
    lab.add([connect("10.44.2.99:443", None)])
    lab.judge("no-response")


@scenario("scripted-silence", "the proxy reads the CONNECT and closes without a word")
def scripted_silence(lab):
    scripted(lab, [["head"], ["close"]])
    lab.add([connect(TARGET, None)])
    lab.judge("no-response")


@scenario("scripted-reset", "the proxy reads the CONNECT and resets the connection")
def scripted_reset(lab):
    scripted(lab, [["head"], ["reset"]])
    lab.add([connect(TARGET, None)])
    lab.judge("no-response")


@scenario("squid-tunnel-silent", "the tunnel opens, but nothing ever answers the ClientHello: the origin accepts and is silent")
def squid_tunnel_silent(lab):
    lab.raw_origin([["bytes", 100000]], 443)
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, args=["--max-time", "2"])
    lab.expect(r.exit == 28, r)
    lab.from_logs()
    lab.connections[0]["tunnel"].update(sni="www.example.com")
    lab.judge("no-response")


# Odd answers -----------------------------------------------------------------------------------------------------------
@scenario("scripted-407-no-scheme", "407 without a Proxy-Authenticate (scripted: no real proxy here answers so)")
def scripted_no_scheme(lab):
    scripted(lab, [["head"], ["send", page(407, "Proxy Authentication Required")], ["close"]])
    lab.add([connect(TARGET, 407)])
    lab.judge("auth-no-scheme")


@scenario("scripted-connect-401", "the CONNECT itself is answered with 401 and WWW-Authenticate (scripted)")
def scripted_connect_401(lab):
    scripted(lab, [["head"], ["send", page(401, "Unauthorized", 'WWW-Authenticate: Basic realm="Example gateway"')], ["close"]])
    lab.add([connect(TARGET, 401, ["Basic"])])
    lab.judge("connect-401")


@scenario("scripted-plain-401", "200 to the CONNECT, then a plaintext 401 as answer to the ClientHello (scripted)")
def scripted_plain_401(lab):
    scripted(lab, [["head"], ["send", OPENED], ["bytes", 300],
                   ["send", page(401, "Unauthorized", 'WWW-Authenticate: Basic realm="Example gateway"', "Proxy-Connection: close")], ["close"]])
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com"), [exchange(None, None, 401, "proxy")])
    lab.judge("tunnel-401-proxy")


@scenario("scripted-plain-407", "200 to the CONNECT, then a plaintext 407 as answer to the ClientHello (scripted)")
def scripted_plain_407(lab):
    scripted(lab, [["head"], ["send", OPENED], ["bytes", 300],
                   ["send", page(407, "Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="Example gateway"', "Proxy-Connection: close")],
                   ["close"]])
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com"), [exchange(None, None, 407, "proxy")])
    lab.judge("tunnel-407")


@scenario("scripted-302-login", "the CONNECT is answered with a redirect to a login page (scripted)")
def scripted_302(lab):
    scripted(lab, [["head"], ["send", page(302, "Found", "Location: http://login.example.com/?u=www.example.com")], ["close"]])
    lab.add([connect(TARGET, 302)])
    lab.judge("tunnel-refused")


@scenario("scripted-200-in-pieces", "interim 103, then a 200 with headers and Content-Length, sent byte group by byte group (scripted); TLS follows")
def scripted_pieces(lab):
    lab.origin()
    answer = "HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Folded: a\r\n b\r\nVia: 1.1 proxy.example.org\r\n\r\n"
    steps = [s for n in range(0, len(answer), 7) for s in (["send", answer[n:n + 7]], ["sleep", 0.01])]
    proxy = lab.scripted([["head"], *steps, ["connect", "10.44.2.10", 443], ["relay"]])
    with lab.capture():
        r = lab.python(RAW_CONNECT.format(names=["www.example.com"]), proxy=proxy)
    lab.expect("HTTP/1.1 200" in r.out, r)
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com", version="TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("ok", without=["encrypted"])


@scenario("scripted-204", "the CONNECT is answered with 204: a tunnel by RFC 9110 (scripted), and curl takes it as one")
def scripted_204(lab):
    lab.origin()
    _, r = scripted(lab, [["head"], ["send", "HTTP/1.1 204 No Content\r\n\r\n"], ["connect", "10.44.2.10", 443], ["relay"]])
    lab.expect(r.exit == 0, r)
    lab.add([connect(TARGET, 204)], tunnel(sni="www.example.com", version="TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("ok", without=["encrypted"])


EARLY = """
import ssl
context = ssl.create_default_context(cafile=TRUST)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="www.example.com")
try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    pass
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"CONNECT www.example.com:443 HTTP/1.1\\r\\nHost: www.example.com:443\\r\\n\\r\\n" + outgoing.read())
answer = b""
while b"\\r\\n\\r\\n" not in answer:
    answer += s.recv(65536)
head, rest = answer.split(b"\\r\\n\\r\\n", 1)
incoming.write(rest)
def step(call, *args):
    while True:
        try:
            result = call(*args)
            s.sendall(outgoing.read())
            return result
        except ssl.SSLWantReadError:
            s.sendall(outgoing.read())
            incoming.write(s.recv(65536))
step(tls.do_handshake)
step(tls.write, b"GET / HTTP/1.1\\r\\nHost: www.example.com\\r\\nConnection: close\\r\\n\\r\\n")
print(step(tls.read, 65536)[:12])
s.close()
"""


@scenario("early-client-hello", "a scripted client sends its ClientHello in the same segment as the CONNECT, before the 200")
def early_hello(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.python(EARLY, proxy=squid)
    lab.expect("200" in r.out, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])


@scenario("connect-http10", "CONNECT in HTTP/1.0 (curl --proxy1.0)")
def connect_http10(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(WWW, args=["--proxy1.0", f"{squid.ip}:{squid.port}"])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])


@scenario("connect-refused-then-other", "two CONNECTs refused with 403 and a third one accepted, all on one connection (scripted client)")
def several_connects(lab):
    lab.origin()
    squid = lab.squid(extra=["acl blocked dstdomain news.example.com shop.example.net"], rules=["http_access deny blocked"])
    with lab.capture():
        r = lab.python(RAW_CONNECT.format(names=["news.example.com", "shop.example.net", "www.example.com"]), proxy=squid)
    lab.expect("200" in r.out.split("\n")[-2], r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])
