"""Proxies and clients that are met less often: filters, caches and helpers in front of other proxies, and a client that breaks off."""
import os
import shutil

from lab import pki
from lab.proxies import PASSWORD, USER, Proxy
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

GOOD = f"{USER}:{PASSWORD}"
WWW = "https://www.example.com/"
TARGET = "www.example.com:443"
IP = "10.44.1.80"


def further(lab, product, port, argv, **more):
    """One more proxy beside those that are there already."""
    proxy = Proxy(lab)
    proxy.product, proxy.port = product, port
    proxy.proc = lab.procs.start(lab.net.proxy, argv, **more)
    lab.procs.wait_listening(lab.net.proxy, port, proxy.proc)
    lab.proxies.append(proxy)
    return proxy


def traffic_server(lab, port):
    """Apache Traffic Server that lets nobody in."""
    d = lab.mkdir("ats")
    shutil.copytree("/etc/trafficserver", f"{d}/etc")
    for name in ("cache", "log", "run"):
        lab.mkdir(f"ats/{name}")
    lab.write("ats/etc/records.config", f"""CONFIG proxy.config.http.server_ports STRING {port}
CONFIG proxy.config.url_remap.remap_required INT 0
CONFIG proxy.config.reverse_proxy.enabled INT 0
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.dns.nameservers STRING 127.0.0.1
CONFIG proxy.config.http.insert_response_via_str INT 1
""")
    lab.write("ats/etc/storage.config", f"{d}/cache 16M\n")
    lab.write("ats/etc/ip_allow.yaml", "ip_allow:\n  - apply: in\n    ip_addrs: 0/0\n    action: deny\n    methods: [CONNECT, GET]\n")
    lab.write("ats/runroot.yaml", f"""prefix: {d}
exec_prefix: /usr
bindir: /usr/bin
sbindir: /usr/sbin
sysconfdir: {d}/etc
datadir: /usr/share/trafficserver
includedir: /usr/include
libdir: /usr/lib/trafficserver
libexecdir: /usr/lib/trafficserver/modules
localstatedir: {d}
runtimedir: {d}/run
logdir: {d}/log
cachedir: {d}/cache
""")
    os.chmod(lab.tmp, 0o777)
    lab.sh("chmod", "-R", "a+rwX", d)
    return further(lab, "Apache Traffic Server 9.2", port, ["traffic_server", f"--run-root={d}/runroot.yaml"])


def e2guardian(lab, port, more=(), group=(), banned=None):
    """e2guardian without a parent. more, group: lines for its two files of settings, the last one of a kind counts. banned: a host."""
    d = lab.mkdir("e2g")
    shutil.copytree("/etc/e2guardian", f"{d}/etc")
    lines = [f"filterports = {port}", f"filterip = '{IP}'", "proxyip = ''", "httpworkers = 20", "daemonuser = 'root'", "daemongroup = 'root'",
             "dockermode = on", f"loglocation = '{d}/access.log'", f"pidfilename = '{d}/pid'", *more]
    for name, own in (("e2guardian.conf", lines), ("e2guardianf1.conf", group)):
        kinds = tuple(line.split("=")[0].strip() for line in own)
        with open(f"{d}/etc/{name}") as f:
            kept = [line for line in f.read().splitlines() if line.split("=")[0].strip() not in kinds]
        lab.write(f"e2g/etc/{name}", "\n".join([*kept, *own]) + "\n")
    for root, _, files in os.walk(f"{d}/etc"):
        for file in (os.path.join(root, name) for name in files):
            with open(file, errors="surrogateescape") as f:
                text = f.read()
            with open(file, "w", errors="surrogateescape") as f:
                f.write(text.replace("/etc/e2guardian", f"{d}/etc"))
    if banned:
        with open(f"{d}/etc/lists/bannedsitelist", "a") as f:
            f.write(f"\n{banned}\n")
    return further(lab, "e2guardian 5.3", port, ["e2guardian", "-N", "-c", f"{d}/etc/e2guardian.conf"])


@scenario("other-proxies-refuse", "Apache Traffic Server and Apt-Cacher NG answer a CONNECT 403, e2guardian sends to a page with 302, and Ncat asks with 407",
          requires=["traffic_server", "apt-cacher-ng", "e2guardian", "ncat"])
def refuse(lab):
    lab.origin()
    traffic_server(lab, 8080)
    c = lab.mkdir("acng/conf")
    os.chmod(lab.mkdir("acng"), 0o777)
    lab.write("acng/conf/acng.conf", f"CacheDir: {lab.tmp}/acng\nLogDir: {lab.tmp}/acng\nPort: 3142\nBindAddress: {IP}\nForeGround: 1\n")
    further(lab, "Apt-Cacher NG 3.7", 3142, ["apt-cacher-ng", "-c", c])
    e2guardian(lab, 8082, banned="www.example.com")
    further(lab, "Ncat 7.93", 8888, ["ncat", "-k", "-l", IP, "8888", "--proxy-type", "http", "--proxy-auth", GOOD])
    with lab.capture():
        for proxy, status in zip(lab.proxies, (403, 403, 302, 407)):
            r = lab.curl(WWW, proxy=proxy)
            lab.expect(r.transfers[0]["http_connect"] == status, r)
            lab.add([connect(TARGET, status, ["Basic", "Digest"] if status == 407 else [])])
    lab.judge("tunnel-refused", "tunnel-refused", "tunnel-refused", "auth-abandoned")


@scenario("cntlm-parent", "both legs: Cntlm, which knows NTLM, in front of a Squid that asks for Basic", requires=["cntlm"])
def cntlm(lab):
    lab.origin()
    pages = lab.mkdir("pages")
    lab.write("pages/ERR_CACHE_ACCESS_DENIED", "<html>Sign in, please.</html>\n")
    squid = lab.squid(auth=["Basic"], extra=[f"error_directory {pages}"])
    conf = lab.write("cntlm.conf", f"Username {USER}\nDomain EXAMPLE\nPassword {PASSWORD}\nProxy {IP}:{squid.port}\nListen {IP}:3129\nGateway yes\nAuth NTLM\n")
    nearer = further(lab, "Cntlm 0.92", 3129, ["cntlm", "-f", "-c", conf])
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "lo"]):
        r = lab.curl(WWW, proxy=nearer)
    lab.expect(r.transfers[0]["http_connect"] == 407, r)
    order = lab.order()
    parent = next(client for client in order if client.startswith(IP))
    lab.add([connect(TARGET, 407, ["Basic"])], client=next(client for client in order if client != parent))
    lab.add([connect(TARGET, 407, ["Basic"], "NTLM"), connect(TARGET, 407, ["Basic"])], client=parent)
    lab.judge("auth-abandoned", "auth-abandoned", findings=["scheme-mismatch"])


@scenario("e2guardian-both-legs", "both legs: e2guardian opens its connection to the site for the CONNECT, and begins TLS on it only behind the client's; the site asks for its members",
          requires=["e2guardian"])
def both_legs(lab):
    lab.origin(names=["www.example.com"])
    lab.mkdir("gen")
    lab.sh("openssl", "genrsa", "-out", f"{lab.tmp}/leaf.key", "2048")
    e2guardian(lab, 8082, ["enablessl = on", f"cacertificatepath = '{pki.path(pki.GATEWAY_CA)}'", f"caprivatekeypath = '{pki.path(pki.GATEWAY_CA, 'key')}'",
                           f"certprivatekeypath = '{lab.tmp}/leaf.key'", f"generatedcertpath = '{lab.tmp}/gen'"], ["sslmitm = on", "mitmcheckcert = off"])
    with lab.capture("proxy", ".pcapng", tool="dumpcap", interfaces=["eth0", "eth1"]):
        r = lab.curl(f"{WWW}members", proxy=lab.proxies[0], args=["-k"])  # its certificates are of a past year
    lab.expect(r.transfers[0]["http_code"] == 401, r)
    lab.add([connect(TARGET, 200)], tunnel("tls", "www.example.com", "TLS 1.3", intercepted=True), [exchange("GET", f"{WWW}members", 401, "origin")])
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("two-realms", "Squid takes the credentials for its realm and passes them on to its parent, an Apache, which asks for those of another one", requires=["apache2"])
def two_realms(lab):
    lab.origin()
    squid = lab.squid_below_apache("Basic", login="PASSTHRU")
    with lab.capture():
        r = lab.curl(WWW, proxy=squid, user=GOOD, args=["--proxy-anyauth"])
    lab.expect(r.transfers[0]["http_connect"] == 407, r)
    lab.add([connect(TARGET, 407, ["Basic"]), connect(TARGET, 407, ["Basic"], "Basic")])
    lab.judge("auth-abandoned", findings=["basic-in-clear"])


@scenario("two-realms-unasked", "mitmproxy takes the credentials; on the next connection the client sends them unasked, mitmproxy takes them again, and a Squid behind it asks for those of another realm")
def two_realms_unasked(lab):
    lab.origin()
    lab.squid(auth=["Basic"], extra=["acl www dstdomain www.example.com"], rules=["http_access allow www"])
    proxy = lab.mitmproxy(args=["--mode", f"upstream:http://{IP}:3128", "--proxyauth", GOOD])
    lab.proxies = [proxy]
    www, news = "http://www.example.com/", "http://news.example.com/"
    with lab.capture(expression=f"tcp port {proxy.port}"):
        for url, args, statuses in ((www, ["--proxy-anyauth"], [407, 200]), (news, [], [407])):
            r = lab.curl(url, proxy=proxy, user=GOOD, args=args)
            lab.expect(r.transfers[0]["http_code"] == statuses[-1], r)
            lab.add(forwards=[exchange("GET", url, status, "proxy" if status == 407 else "origin") for status in statuses])
    lab.judge("auth-ok", "auth-abandoned", findings=["challenge-after-success", "basic-in-clear"])


@scenario("client-breaks-off", "stunnel is asked for NTLM, does not like the challenge, and closes the connection in the middle of its next CONNECT", requires=["stunnel4"])
def breaks_off(lab):
    lab.origin()
    squid = lab.squid(auth=["NTLM"])
    conf = lab.write("stunnel.conf", f"foreground = yes\npid =\nclient = yes\n[s]\naccept = 127.0.0.1:9000\nconnect = {IP}:{squid.port}\nprotocol = connect\n"
                     f"protocolHost = {TARGET}\nprotocolAuthentication = ntlm\nprotocolUsername = {USER}\nprotocolPassword = {PASSWORD}\n")
    stunnel = lab.procs.start(lab.net.client, ["stunnel4", conf])
    lab.procs.wait_listening(lab.net.client, 9000, stunnel)
    with lab.capture():
        lab.client_program(["curl", "-s", "--max-time", "5", "http://127.0.0.1:9000/"], "stunnel 5.68")
    lab.add([connect(TARGET, 407, ["NTLM"], "NTLM"), connect(TARGET, None)])
    lab.judge("auth-abandoned")


@scenario("svn-refuses-certificate", "Subversion does not trust the interception authority: it closes behind the server's part of the handshake, without an alert", requires=["svn"])
def svn(lab):
    lab.origin()
    proxy = lab.mitmproxy()
    settings = lab.mkdir("subversion")
    lab.write("subversion/servers", f"[global]\nhttp-proxy-host={proxy.ip}\nhttp-proxy-port={proxy.port}\n")
    with lab.capture():
        r = lab.client_program(["svn", "ls", "--non-interactive", "--config-dir", settings, WWW], "Subversion 1.14.2")
    lab.expect("issuer is not trusted" in r.err, r)
    lab.add([connect(TARGET, 200)], tunnel("tls", "www.example.com", "TLS 1.3", intercepted=True))
    lab.judge("tls-failed", findings=["untrusted-interception"])


@scenario("elinks-refuses-certificate", "ELinks (GnuTLS) does not trust the interception authority: it completes the handshake, closes without a request, and does so three times", requires=["elinks"])
def elinks(lab):
    lab.origin()
    proxy = lab.mitmproxy()
    options = [f'set protocol.https.proxy.host = "{proxy.ip}:{proxy.port}"', "set connection.ssl.cert_verify = 1"]
    with lab.capture():
        r = lab.client_program(["elinks", "-dump", *(part for option in options for part in ("-eval", option)), WWW], "ELinks 0.13.2", env={"TERM": "dumb"})
    lab.expect("SSL error" in r.err, r)
    lab.from_logs()
    lab.judge(*["ok"] * 3, without=["encrypted"] * 3)


@scenario("gvfs-asks-for-the-proxy", "GNOME's gvfs is asked for credentials, and sends them with a CONNECT for the proxy itself: its ClientHello meets Squid's plain port", requires=["gio", "dbus-run-session"])
def gvfs(lab):
    lab.origin()
    pages = lab.mkdir("pages")
    lab.write("pages/ERR_CACHE_ACCESS_DENIED", "<html>Sign in, please.</html>\n")
    lab.write("pages/ERR_PROTOCOL_UNKNOWN", "<html>No TLS here.</html>\n")
    squid = lab.squid(auth=["Basic"], extra=[f"error_directory {pages}"])
    with lab.capture():
        r = lab.client_program(["dbus-run-session", "--", "gio", "cat", WWW], "gvfs 1.50.3", env={"https_proxy": squid.url.replace("//", f"//{GOOD}@")})
    lab.expect("unexpected TLS packet" in r.err, r)
    own = f"{squid.ip}:{squid.port}"
    lab.expect([e["target"] for e in squid.events() if e["stage"] == "connect" and e["client"].startswith("10.44.1.2")] == [TARGET, own], squid.events())
    lab.add([connect(TARGET, 407, ["Basic"]), connect(own, 200, credentials="Basic")], tunnel(sni="www.example.com"), [exchange(None, None, 400, "proxy")])
    lab.judge("tls-failed", findings=["basic-in-clear"])
