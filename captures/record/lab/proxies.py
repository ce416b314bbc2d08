"""The proxies: how each is configured and started, and what its own log says happened (as events, see events())."""
import json
import os
import re
import shutil

from . import net, pki

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools")
PYTHON = "/usr/bin/python3"
USER, PASSWORD = "user", "secret-for-test"
REALM = "Example gateway"
# client, request line, final status to the client, local end of the server side, SSL-bump mode, scheme of the credentials
SQUID_LOG = "%ts.%03tu|%>a:%>p|%rm|%ru|%>Hs|%<la:%<lp|%ssl::bump_mode|%ssl::>sni|%{Proxy-Authorization}>h|%Ss"


class Proxy:
    """A running proxy. `events()`: dicts with client, stage (connect | https | forward), method, target or url, status, credentials."""

    product = ""
    parent = None  # a proxy behind this one, on the same machine
    ip, port = net.PROXY, 3128
    place = None  # the URL, where it is not http://ip:port

    def __init__(self, lab):
        self.lab = lab

    @property
    def url(self):
        return self.place or f"http://{self.ip}:{self.port}"

    def describe(self):
        return {"product": self.product, "ip": self.ip, "port": self.port, "tls": self.url.startswith("https:")}

    def events(self):
        return []


class Squid(Proxy):
    product = "Squid 5.7"

    def __init__(self, lab, auth=(), rules=(), bump=None, port=3128, listen=None, tls=False, extra=(), accept_all=True, ip=None):
        """auth: schemes in the order offered (Basic, Digest, NTLM, Negotiate). rules: http_access lines before the last.
        bump: None, or the lines of ssl_bump. tls: a proxy that is itself spoken to over TLS. extra: further configuration."""
        super().__init__(lab)
        self.port, self.ip = port, ip or net.PROXY
        self.auth = list(auth)
        d = self.dir = lab.mkdir("squid")
        os.chmod(lab.tmp, 0o755)
        self.log = f"{d}/access.log"
        lines = [
            f"logformat truth {SQUID_LOG}", f"access_log stdio:{self.log} logformat=truth", f"cache_log {d}/cache.log", "cache deny all",
            f"pid_filename {d}/squid.pid", f"coredump_dir {d}", "visible_hostname proxy.example.org", "shutdown_lifetime 0 seconds",
            "pinger_enable off", "cache_effective_user proxy", "dns_nameservers 127.0.0.1", "dns_timeout 2 seconds",
            f"hosts_file /etc/netns/{lab.net.proxy}/hosts", "connect_timeout 5 seconds", "forward_timeout 6 seconds", "via on",
            "client_persistent_connections on", "workers 1", "max_filedescriptors 1024",
        ]
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        options = ""
        if bump:
            options = (f" ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB "
                       f"tls-cert={self._joined(pki.GATEWAY_CA)}")
            lab.sh("/usr/lib/squid/security_file_certgen", "-c", "-s", f"{d}/certs", "-M", "4MB")
            lines += [f"sslcrtd_program /usr/lib/squid/security_file_certgen -s {d}/certs -M 4MB", "sslcrtd_children 1",
                      f"tls_outgoing_options cafile={pki.path(pki.ORIGIN_ROOT)} min-version=1.0", *bump]
        if tls:
            crt, key = pki.leaf(d, ["proxy.example.org", net.PROXY], issuer=pki.GATEWAY_CA)
            lines.append(f"https_port {host}:{port} tls-cert={crt} tls-key={key}")
        else:
            lines.append(f"http_port {host}:{port}{options}")
        for scheme in self.auth:
            lines += getattr(self, "_" + scheme.lower())()
        if self.auth:
            lines.append("acl authenticated proxy_auth REQUIRED")
        lines += [*extra, *rules]
        if accept_all:
            lines += ["http_access allow authenticated" if self.auth else "http_access allow all", "http_access deny all"]
        conf = lab.write("squid/squid.conf", "\n".join(lines) + "\n")
        for root, dirs, files in os.walk(d):
            for name in [root, *(os.path.join(root, n) for n in dirs + files)]:
                shutil.chown(name, "proxy", "proxy")
        self.proc = lab.procs.start(lab.net.proxy, ["squid", "-N", "-f", conf])
        lab.procs.wait_listening(lab.net.proxy, port, self.proc)
        self.listen_tls = tls

    @property
    def url(self):
        host = "proxy.example.org" if self.listen_tls else f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{'https' if self.listen_tls else 'http'}://{host}:{self.port}"

    def _joined(self, root):
        with open(pki.path(root)) as crt, open(pki.path(root, "key")) as key:
            return self.lab.write("squid/ca.pem", crt.read() + key.read())

    def _basic(self):
        self.lab.write("squid/passwd", f"{USER}:{self.lab.sh('openssl', 'passwd', '-apr1', PASSWORD).strip()}\n")
        return [f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {self.dir}/passwd", "auth_param basic children 1",
                f"auth_param basic realm {REALM}"]

    def _digest(self):
        self.lab.write("squid/digest", f"{USER}:{PASSWORD}\n")
        return [f"auth_param digest program /usr/lib/squid/digest_file_auth {self.dir}/digest", "auth_param digest children 1",
                f"auth_param digest realm {REALM}"]

    def _ntlm(self):
        return ["auth_param ntlm program /usr/lib/squid/ntlm_fake_auth", "auth_param ntlm children 1", "auth_param ntlm keep_alive on"]

    def _negotiate(self):
        keytab = self.lab.kerberos.keytab("HTTP/proxy.example.org")
        return [f"auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -k {keytab} -s HTTP/proxy.example.org@EXAMPLE.ORG",
                "auth_param negotiate children 1", "auth_param negotiate keep_alive on"]

    def events(self):
        self.lab.procs.stop(self.proc)  # a tunnel that is still open is logged when Squid ends
        found = []
        with open(self.log, errors="replace") as f:
            for line in f:
                time, client, method, url, status, server, bump, sni, given, result = line.rstrip("\n").split("|")
                if method == "NONE" or method == "-":
                    continue
                stage = "connect" if method == "CONNECT" else "forward" if url.startswith("http:") else "https"
                found.append({
                    "time": float(time), "client": client, "stage": stage, "method": method, "status": int(status),
                    "target": url if stage == "connect" else None, "url": None if stage == "connect" else url,
                    "server": None if server.startswith("-") else server, "credentials": re.split("%20| ", given)[0] if given != "-" else None,
                    "schemes": self.auth if status == "407" else [], "bump": None if bump == "-" else bump, "result": result,
                    "own": server.startswith("-") or "DENIED" in result,
                })
        return found


class Mitmproxy(Proxy):
    product = "mitmproxy 8.1.1"

    def __init__(self, lab, rules=(), args=(), port=8080, ip=None, trace=None):
        """rules: policy of lab/tools/mitm_policy.py. args: further options of mitmdump, e.g. --set connection_strategy=lazy.
        trace: a policy trace and an access log are written, too; {"ports": whether the trace names the clients' ports}."""
        super().__init__(lab)
        self.port, self.ip = port, ip or net.PROXY
        d = self.dir = lab.mkdir("mitmproxy")
        with open(pki.path(pki.MITMPROXY_CA)) as crt, open(pki.path(pki.MITMPROXY_CA, "key")) as key:
            lab.write("mitmproxy/mitmproxy-ca.pem", key.read() + crt.read())
        self.log = f"{d}/events.jsonl"
        policy = {"log": self.log, "rules": list(rules), "accepted": "Basic" if "--proxyauth" in args else None}
        if trace:
            policy |= {"trace": f"{d}/trace.txt", "access_log": f"{d}/access.log", "trace_ports": trace["ports"]}
            lab.extra_files |= {".trace.txt": policy["trace"], ".access.log": policy["access_log"]}
        env = {"POLICY": json.dumps(policy), "MITMPROXY_SSLKEYLOGFILE": lab.keylog("mitmproxy")}
        argv = ["mitmdump", "--listen-host", self.ip, "--listen-port", str(port), "--set", f"confdir={d}", "--set",
                f"ssl_verify_upstream_trusted_ca={pki.path(pki.ORIGIN_ROOT)}", "-s", f"{TOOLS}/mitm_policy.py", *args]
        self.proc = lab.procs.start(lab.net.proxy, argv, env=env)
        lab.procs.wait_listening(lab.net.proxy, port, self.proc)

    def events(self):
        with open(self.log) as f:
            return [json.loads(line) for line in f]


class Scripted(Proxy):
    product = "scripted"

    def __init__(self, lab, *scripts, port=8080):
        """scripts: one list of steps per connection (see lab/tools/scripted_peer.py); the last one repeats."""
        super().__init__(lab)
        self.port = port
        self.log = f"{lab.tmp}/scripted.jsonl"
        config = lab.write("scripted.json", json.dumps({"port": port, "log": self.log, "scripts": scripts}))
        self.proc = lab.procs.start(lab.net.proxy, [PYTHON, f"{TOOLS}/scripted_peer.py", config])
        lab.procs.wait_listening(lab.net.proxy, port, self.proc)

    def requests(self):
        """(client, request line) of each head that was read."""
        with open(self.log) as f:
            return [(e["client"], e["request"]) for e in map(json.loads, f) if "request" in e]


class Tinyproxy(Proxy):
    product = "tinyproxy 1.11.1"

    def __init__(self, lab, lines=(), port=8888):
        super().__init__(lab)
        self.port = port
        d = lab.mkdir("tinyproxy")
        conf = lab.write("tinyproxy/tinyproxy.conf", "\n".join([
            "User nobody", "Group nogroup", f"Port {port}", f"Listen {self.ip}", "Timeout 20", f'LogFile "{d}/log"', "LogLevel Info",
            "MaxClients 20", "ViaProxyName \"proxy.example.org\"", "ConnectPort 443", "ConnectPort 80", "ConnectPort 22", *lines]) + "\n")
        os.chmod(lab.tmp, 0o755)
        shutil.chown(d, "nobody")
        lab.procs.start(lab.net.proxy, ["tinyproxy", "-d", "-c", conf])
        lab.procs.wait_listening(lab.net.proxy, port)


class Privoxy(Proxy):
    product = "Privoxy 3.0.34"

    def __init__(self, lab, actions="", port=8118):
        super().__init__(lab)
        self.port = port
        d = lab.mkdir("privoxy")
        lab.write("privoxy/test.action", "{+change-x-forwarded-for{block}}\n/\n" + actions)
        conf = lab.write("privoxy/config", "\n".join([
            "confdir /etc/privoxy", f"logdir {d}", "logfile log", f"listen-address {self.ip}:{port}", f"actionsfile {d}/test.action",
            "keep-alive-timeout 20", "tolerate-pipelining 1", "debug 1", "socket-timeout 30"]) + "\n")
        lab.procs.start(lab.net.proxy, ["privoxy", "--no-daemon", conf])
        lab.procs.wait_listening(lab.net.proxy, port)


class Apache(Proxy):
    product = "Apache httpd 2.4"

    def __init__(self, lab, auth="", port=3129):
        """A forward proxy with mod_proxy_connect; auth: lines for the <Proxy> section."""
        super().__init__(lab)
        self.port = port
        d = lab.mkdir("apache")
        modules = ["mpm_event", "proxy", "proxy_http", "proxy_connect", "authn_core", "authn_file", "authz_core", "authz_user",
                   "auth_basic", "auth_digest"]
        lab.write("apache/passwd", f"{USER}:{lab.sh('openssl', 'passwd', '-apr1', PASSWORD).strip()}\n")
        conf = lab.write("apache/httpd.conf", "\n".join([
            f"ServerRoot {d}", f"PidFile {d}/pid", "ServerName proxy.example.org", f"Listen {self.ip}:{port}", f"ErrorLog {d}/error.log",
            *(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in modules),
            "ProxyRequests On", "AllowCONNECT 443 80", "User www-data", "Group www-data", f"DefaultRuntimeDir {d}",
            "KeepAlive On", "Timeout 20", "<Proxy *>", auth.replace("PASSWD", f"{d}/passwd") or "Require all granted", "</Proxy>"]) + "\n")
        os.chmod(lab.tmp, 0o755)
        self.proc = lab.procs.start(lab.net.proxy, ["apache2", "-X", "-f", conf])
        lab.procs.wait_listening(lab.net.proxy, port, self.proc)
