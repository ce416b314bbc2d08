"""Proxies that ask with 401 and look like something else: built on a web server, or one behind another."""
from lab.proxies import PASSWORD, USER, Proxy
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

TARGET = "www.example.com:443"
PAGES = ["http://www.example.com/", "http://shop.example.net/", "http://docs.example.org/"]


@scenario("forward-401-nginx", "nginx as a forward proxy asks for Basic credentials of its own, with 401, for pages of three unrelated sites")
def nginx_forward(lab):
    lab.origin()
    d = lab.mkdir("nginx")
    users = lab.write("nginx/passwd", f"{USER}:{lab.sh('openssl', 'passwd', '-apr1', PASSWORD).strip()}\n")
    conf = lab.write("nginx/nginx.conf", f"""user root; daemon off; worker_processes 1; pid {d}/pid; error_log {d}/error.log; events {{ worker_connections 32; }}
http {{ access_log off; server {{ listen 10.44.1.80:8080; location / {{
  resolver 127.0.0.1; auth_basic "Example gateway"; auth_basic_user_file {users}; proxy_pass http://$host; }} }} }}
""")
    proxy = lab.other_proxy("nginx 1.22", ["nginx", "-c", conf, "-e", f"{d}/error.log"], 8080)
    with lab.capture():
        r = lab.curl(*PAGES, proxy=proxy)
    lab.expect([t["http_code"] for t in r.transfers] == [401] * 3, r)
    lab.add(forwards=[exchange("GET", url, 401, "proxy") for url in PAGES])
    lab.judge("forward-401-proxy")


@scenario("connect-401-parent", "both legs: a Squid passes on the 401 with which its parent, HAProxy, answers the CONNECT; it asks it by its other address", requires=["haproxy"])
def parent(lab):
    lab.origin()
    conf = lab.write("haproxy.cfg", f"""
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
userlist people
  user {USER} insecure-password {PASSWORD}
frontend in
  bind 10.44.2.17:3130
  http-request auth realm Example-upstream unless {{ http_auth(people) }}
  default_backend nobody
backend nobody
  server nobody 127.0.0.1:1
""")
    lab.procs.start(lab.net.origin, ["haproxy", "-f", conf, "-db"])
    lab.procs.wait_listening(lab.net.origin, 3130)
    squid = lab.squid(extra=["cache_peer 10.44.2.17 parent 3130 0 no-query no-digest default", "never_direct allow all"])
    further = Proxy(lab)
    further.product, further.ip, further.port = "HAProxy 2.6", "10.44.2.17", 3130
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]):
        r = lab.curl(f"https://{TARGET}/", proxy=squid)
    lab.expect(r.transfers[0]["http_connect"] == 401, r)
    lab.proxies.append(further)
    for _ in range(2):
        lab.add([connect(TARGET, 401, ["Basic"])])
    lab.judge("connect-401", "connect-401")


@scenario("behind-balancer", "HAProxy hands its clients' connections on to Squid with the PROXY protocol, version 1 and 2; Squid asks with 407, then with 401 inside", requires=["haproxy"])
def behind_balancer(lab):
    lab.origin()
    squid = lab.squid(auth=["Basic"], bump=["ssl_bump bump all"], extra=[
        f"http_port 10.44.1.80:3131 require-proxy-header ssl-bump generate-host-certificates=on tls-cert={lab.tmp}/squid/ca.pem", "proxy_protocol_access allow all",
        "acl connect method CONNECT", "acl get method GET", "acl news dstdomain news.example.com", "deny_info 401:ERR_CACHE_ACCESS_DENIED get"],
        rules=["http_access allow connect authenticated", "http_access deny news get"])
    squid.port = 3131
    front = "".join(f"""
frontend in{version}
  bind 10.44.1.3:808{version}
  default_backend out{version}
backend out{version}
  server squid 10.44.1.80:3131 {option}
""" for version, option in ((1, "send-proxy"), (2, "send-proxy-v2")))
    conf = lab.write("haproxy.cfg", "defaults\n  mode tcp\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n" + front)
    lab.procs.start(lab.net.client, ["haproxy", "-f", conf, "-db"])
    lab.procs.wait_listening(lab.net.client, 8082)
    with lab.capture():
        for version, host, status in ((1, "www.example.com", 200), (2, "news.example.com", 401)):
            r = lab.curl(f"https://{host}/", proxy=f"http://10.44.1.3:808{version}", user=f"{USER}:{PASSWORD}", args=["--proxy-anyauth"])
            lab.expect(r.transfers[0]["http_code"] == status, r)
            lab.add([connect(f"{host}:443", 407, ["Basic"]), connect(f"{host}:443", 200, credentials="Basic")],
                    tunnel("tls", host, "TLS 1.3", intercepted=True), [exchange("GET", f"https://{host}/", status, "origin" if status == 200 else "proxy")])
    lab.judge("auth-ok", "tunnel-401-proxy", without=["encrypted"] * 2, guilty=[1])
