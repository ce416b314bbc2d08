"""The origins: programs in the origin namespace that answer for the names of the laboratory."""
import json
import os

from . import net, pki
from .proxies import PYTHON, TOOLS


class Origin:
    """The scripted HTTP(S) origin on ports 80 and 443 of every address (OpenSSL through Python)."""

    def __init__(self, lab, names=None, minimum=None, maximum=None, ciphers=None, kind="ec", client_ca=None, https=443, http=80, issuer=pki.ORIGIN_ROOT,
                 keylog=True):
        self.lab = lab
        d = lab.mkdir("origin")
        self.log = f"{d}/log.jsonl"
        certs = {name: pki.leaf(d, [name, (net.HOSTS | net.HOSTS6)[name]], kind, issuer)
                 for name in (names or [*net.HOSTS, *net.HOSTS6]) if not name.startswith(("kdc", "proxy"))}
        config = {"log": self.log, "keylog": lab.keylog("origin") if keylog else None, "http": http, "https": https, "certs": certs, "minimum": minimum,
                  "maximum": maximum, "ciphers": ciphers, "client_ca": client_ca}
        path = lab.write("origin/config.json", json.dumps(config))
        self.proc = lab.procs.start(lab.net.origin, [PYTHON, f"{TOOLS}/origin_server.py", path], env={"OPENSSL_CONF": lab.openssl_conf()})
        lab.procs.wait_listening(lab.net.origin, https or http, self.proc)

    def events(self):
        """Answers given: dicts with peer, method, host, path, status, tls, sni, authorization; or peer and handshake (an error)."""
        if not os.path.exists(self.log):
            return []
        with open(self.log) as f:
            return [json.loads(line) for line in f]


class Nginx:
    """nginx with HTTP/2 for names; extra: lines for its server block."""

    def __init__(self, lab, names=("www.example.com",), extra="", protocols="TLSv1.2 TLSv1.3", kind="ec", server_extra="", top=""):
        self.lab = lab
        d = lab.mkdir("nginx")
        lab.mkdir("nginx/html")
        for name, size in (("index.html", 300), ("page.html", 900), ("style.css", 200), ("dot.png", 150)):
            lab.write(f"nginx/html/{name}", ("<html>" + name).ljust(size, ".") + "\n")
        lab.write("nginx/passwd", f"member:{lab.sh('openssl', 'passwd', '-apr1', 'members-only').strip()}\n")
        servers = ""
        for name in names:
            crt, key = pki.leaf(d, [name], kind)
            servers += f"""
  server {{
    listen 443 ssl http2; listen [::]:443 ssl http2; server_name {name};
    ssl_certificate {crt}; ssl_certificate_key {key}; ssl_protocols {protocols};
    root {d}/html; {server_extra}
    location /members {{ auth_basic "Members area"; auth_basic_user_file {d}/passwd; try_files /page.html =404; }}
  }}"""
        conf = lab.write("nginx/nginx.conf", f"""
user root; daemon off; worker_processes 1; pid {d}/pid; error_log {d}/error.log; {top}
events {{ worker_connections 64; }}
http {{
  log_format truth '$remote_addr:$remote_port|$request_method|$scheme://$host$request_uri|$status|$ssl_protocol|$ssl_server_name|$server_protocol|$ssl_session_reused';
  access_log {d}/access.log truth; default_type text/html; {extra}
  {servers}
}}
""")
        self.log = f"{d}/access.log"
        self.proc = lab.procs.start(lab.net.origin, ["nginx", "-c", conf, "-e", f"{d}/error.log"])
        lab.procs.wait_listening(lab.net.origin, 443, self.proc)

    def events(self):
        found = []
        with open(self.log) as f:
            for line in f:
                peer, method, url, status, tls, sni, protocol, _ = line.rstrip("\n").split("|")
                scheme, rest = url.split("://", 1)
                host, _, path = rest.partition("/")
                found.append({"peer": peer.removeprefix("::ffff:"), "method": method, "host": host, "path": "/" + path, "status": int(status),
                              "tls": tls or None, "sni": sni or None, "http": protocol})
        return found
