"""A scenario: one function that builds what it needs in a Lab, records, and says what has to be true. See scenarios/."""
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile

from . import net, origins, pki, proxies, truth
from .capture import Capture, clients_in_order, lost_segments
from .clients import Clients
from .procs import Procs

CAPTURES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCENARIOS = {}


def scenario(name, about, wires=None, requires=()):
    """Register a scenario. name: that of its files. about: one sentence that the truth and the README show. requires: programs."""

    def register(function):
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name}")
        SCENARIOS[name] = (function, about, wires, requires)
        return function

    return register


class Lab(Clients):
    """Everything one scenario may use; `close` ends and removes all of it, whatever happened."""

    def __init__(self, name, about, wires=None):
        self.name, self.about, self.wires = name, about, wires
        self.tmp = tempfile.mkdtemp(prefix=f"pcapcheck-{name}-")
        os.makedirs(f"{self.tmp}/home")
        self.procs = Procs(self.tmp)
        self.net = net.Net(wires)
        self.proxies, self.origins, self.clients, self.connections = [], [], [], []
        self.trust = pki.bundle(self.tmp, pki.ORIGIN_ROOT, pki.GATEWAY_CA, pki.MITMPROXY_CA)
        self.options, self.findings, self.verdict, self.file = [], [], None, None
        self.every_key, self.no_keys = False, False
        self.incomplete = False  # a capture that lacks segments on purpose
        self.extra_files = {}
        self.site_ms = None  # round trip between proxy and sites, where a line delays it
        self._kerberos = None

    # What can be there -----------------------------------------------------------------------------------------------
    def squid(self, **kw):
        return self._add(self.proxies, proxies.Squid(self, **kw))

    def mitmproxy(self, *rules, **kw):
        return self._add(self.proxies, proxies.Mitmproxy(self, rules, **kw))

    def gateway(self, *rules, **kw):
        """Squid that asks on the CONNECT, with mitmproxy as its parent that intercepts and asks inside: to the client they are one proxy."""
        parent = proxies.Mitmproxy(self, rules, port=8081, ip="127.0.0.1")
        kw["extra"] = [*kw.get("extra", ()), "cache_peer 127.0.0.1 parent 8081 0 no-query no-digest default", "never_direct allow all"]
        proxy = proxies.Squid(self, **kw)
        proxy.parent, proxy.product = parent, "Squid 5.7 with mitmproxy 8.1.1 behind it"
        return self._add(self.proxies, proxy)

    def squid_below_apache(self, scheme, login):
        """Squid that asks with `scheme`; its parent, an Apache, asks for Basic with a realm of its own. `login`: see Squid's cache_peer."""
        parent = self.apache('AuthType Basic\nAuthName "Example upstream"\nAuthUserFile PASSWD\nRequire user somebody')
        squid = self.squid(auth=[scheme], extra=[f"cache_peer {net.PROXY} parent {parent.port} 0 no-query no-digest default login={login}", "never_direct allow all"])
        self.proxies.reverse()
        return squid

    def scripted(self, *scripts, **kw):
        return self._add(self.proxies, proxies.Scripted(self, *scripts, **kw))

    def tinyproxy(self, *lines, **kw):
        return self._add(self.proxies, proxies.Tinyproxy(self, lines, **kw))

    def privoxy(self, **kw):
        return self._add(self.proxies, proxies.Privoxy(self, **kw))

    def apache(self, auth="", **kw):
        return self._add(self.proxies, proxies.Apache(self, auth, **kw))

    def other_proxy(self, product, argv, port, env=None, place=None):
        """A proxy that needs no more than a command line."""
        proxy = proxies.Proxy(self)
        proxy.product, proxy.port, proxy.place = product, port, place
        self.procs.start(self.net.proxy, argv, env=env)
        self.procs.wait_listening(self.net.proxy, port)
        return self._add(self.proxies, proxy)

    def origin(self, **kw):
        return self._add(self.origins, origins.Origin(self, **kw))

    def nginx(self, **kw):
        return self._add(self.origins, origins.Nginx(self, **kw))

    def raw_origin(self, script, port, ip="10.44.2.10"):
        """An origin that plays a script (see lab/tools/scripted_peer.py), for other protocols and for silence."""
        config = self.write(f"raw-{port}.json", json.dumps({"port": port, "ip": ip, "log": f"{self.tmp}/raw-{port}.jsonl", "scripts": [script]}))
        proc = self.procs.start(self.net.origin, [proxies.PYTHON, f"{proxies.TOOLS}/scripted_peer.py", config])
        self.procs.wait_listening(self.net.origin, port, proc)

    def wire(self, **config):
        """Let the fourth namespace forward: delay, loss, duplicate, reorder, or a tagged trunk (see lab/tools/wire.py)."""
        if self.wires == "wan" and "delay" in config:
            self.site_ms = 2 * config["delay"]
        argv = [proxies.PYTHON, f"{proxies.TOOLS}/wire.py", json.dumps({"left": "left", "right": "right", **config})]
        proc = self.procs.start(self.net.middle, argv)
        self.procs.wait_until(lambda: "ready" in open(proc.log).read(), "wire", proc)

    @property
    def kerberos(self):
        if self._kerberos is None:
            from .kerberos import Kerberos
            self._kerberos = Kerberos(self)
        return self._kerberos

    def capture(self, where="client", suffix=".pcap", args=(), expression="tcp", tool="tcpdump", interfaces=None):
        """Record: on the client's or the proxy's client-side interface, on all of the proxy's (`any`), or on what `interfaces` says."""
        ns = {"client": self.net.client, "proxy": self.net.proxy, "any": self.net.proxy, "origin": self.net.origin}.get(where, where)
        self.file = f"{self.tmp}/{self.name}{suffix}"
        devices = interfaces or (["any"] if where == "any" else ["eth0"])
        return Capture(self.procs, ns, self.file, devices, expression, tool, list(args))

    # Truth -----------------------------------------------------------------------------------------------------------
    def expect(self, condition, what=""):
        if not condition:
            raise AssertionError(f"not as expected: {what}")

    def from_logs(self):
        """Take the connections from the logs of all proxies and origins."""
        seen = [event for origin in self.origins for event in origin.events()]
        for proxy in self.proxies:
            events = proxy.events()
            if proxy.parent:  # what the parent did inside belongs to the client whose tunnel it was
                clients = {event["server"]: event["client"] for event in events if event.get("server")}
                events += [event | {"client": clients[event["client"]]} for event in proxy.parent.events()
                           if event["stage"] != "connect" and event["client"] in clients]
            self.connections += truth.from_events(events, seen)

    def add(self, connects=(), tunnel=None, exchanges=(), forwards=(), client=None):
        """A connection that no log describes: its client endpoint comes from the order in the capture."""
        self.connections.append(truth.connection(client, connects, tunnel, exchanges, forwards))

    def order(self):
        """The clients' endpoints, by the first frame of their connections."""
        return clients_in_order(self.file, {(p.ip, p.port) for p in self.proxies})

    def told(self):
        """Which lines of the policy trace and the access log are about which connection: first lines of transactions, lines of the log."""
        found = {}
        for event in (event for proxy in self.proxies for event in proxy.events() if "traceLine" in event):
            lines = found.setdefault(event["client"], {"trace": [], "log": []})
            lines["trace"].append(event["traceLine"])
            if "logLine" in event:
                lines["log"].append(event["logLine"])
        return found

    def judge(self, *verdicts, without=None, findings=(), guilty=()):
        """The verdict of each connection, in order of their first frame, with keys and (where it differs) without.

        The capture's verdict is the worst of them. guilty: numbers of connections where the proxy challenged inside
        a tunnel that cannot be read without keys: there `tunnel-401-suspected` is as true as `encrypted`.
        """
        order = self.order()
        named = {c["client"]: c for c in self.connections if c["client"]}
        unnamed = [c for c in self.connections if not c["client"]]
        ordered = [named.pop(client, None) or (unnamed.pop(0) if unnamed else None) for client in order]
        if named or unnamed or None in ordered or len(ordered) != len(verdicts):
            raise AssertionError(f"{len(verdicts)} verdicts; capture has {order}; logs have {[c['client'] for c in self.connections]}\n"
                                 + json.dumps(self.connections, indent=1))
        for number, (client, conn) in enumerate(zip(order, ordered)):
            if not truth.supports(conn, verdicts[number]):
                raise AssertionError(f"the logs do not bear out {verdicts[number]}:\n" + json.dumps(conn, indent=1))
            conn["client"] = client
            conn["verdict"] = verdicts[number]
            conn["verdictWithoutKeys"] = (without or verdicts)[number]
            if number in guilty:
                conn["maySuspect"] = True
        self.connections = ordered
        self.verdict = min(verdicts, key=truth.VERDICTS.index)
        self.verdict_without = min(without or verdicts, key=truth.VERDICTS.index)
        self.findings = list(findings)

    # Files -----------------------------------------------------------------------------------------------------------
    def mkdir(self, name):
        path = f"{self.tmp}/{name}"
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, text):
        path = f"{self.tmp}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    def keylog(self, who):
        """Path of the key log that who writes; all of them become NAME.keys."""
        path = f"{self.tmp}/{who}.keylog"
        if not os.path.exists(path):
            open(path, "a").close()
            os.chmod(path, 0o666)
        return path

    def openssl_conf(self, options=""):
        """Configuration of OpenSSL that still speaks TLS 1.0, and all suites of TLS 1.3."""
        return self.write(f"openssl{options}.cnf", "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = ALL:@SECLEVEL=0\nMinProtocol = None\n"
                          "Ciphersuites = TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256\n"
                          f"Options = UnsafeLegacyRenegotiation{',' if options else ''}{options}\n")

    def sh(self, *argv):
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def ran(self, client, result):
        if client not in self.clients:
            self.clients.append(client)
        return result

    def keys(self):
        """Lines of all key logs that belong to a ClientHello of this capture."""
        with open(self.file, "rb") as f:
            data = f.read()
        kept = []
        for entry in sorted(os.listdir(self.tmp)):
            if entry.endswith(".keylog"):
                with open(f"{self.tmp}/{entry}") as f:
                    for line in f.read().splitlines():
                        match = re.fullmatch(r"[A-Z0-9_]+ ([0-9a-fA-F]{64}) [0-9a-fA-F]+", line)
                        if match and line not in kept and (self.every_key or bytes.fromhex(match[1]) in data):
                            kept.append(line)
        return kept

    def publish(self):
        """Write NAME.pcap(ng), NAME.keys and NAME.truth.json beside their kin, once all of it is known to be right."""
        if self.verdict is None:
            raise AssertionError("scenario judged nothing")
        if not self.incomplete and lost_segments(self.file):
            raise AssertionError("the capture lacks segments that were sent")
        made = {}
        keys = [] if self.no_keys else self.keys()
        if keys:
            made[".keys"] = ("\n".join(keys) + "\n").encode()
        suffix = os.path.basename(self.file).removeprefix(self.name)
        with open(self.file, "rb") as f:
            made[suffix] = gzip.compress(f.read(), mtime=0) if suffix.endswith(".gz") else f.read()
        for extra, path in self.extra_files.items():
            with open(path, "rb") as f:
                made[extra] = f.read()
        made[".truth.json"] = (compact({
            "schema": 1, "about": self.about, "capture": self.name + suffix, "keys": f"{self.name}.keys" if keys else None,
            "proxy": self.proxies[0].describe(), "otherProxies": [p.describe() for p in self.proxies[1:]], "clients": self.clients,
            "options": self.options, "verdict": self.verdict, "verdictWithoutKeys": self.verdict_without,
            "connections": self.connections, "findings": self.findings,
            **({} if self.site_ms is None else {"siteMs": self.site_ms}),
            **({"told": self.told()} if ".trace.txt" in self.extra_files else {}),
        }) + "\n").encode()
        for ending, data in made.items():  # each whole or not at all: somebody may be reading the old one
            with open(f"{CAPTURES}/.{self.name}.new", "wb") as f:
                f.write(data)
            os.replace(f"{CAPTURES}/.{self.name}.new", f"{CAPTURES}/{self.name}{ending}")
        for old in os.listdir(CAPTURES):
            if re.fullmatch(re.escape(self.name) + r"\.(pcap|pcapng|pcap\.gz|pcapng\.gz|keys|truth\.json|rsa\.pem|trace\.txt|access\.log)", old) and old.removeprefix(self.name) not in made:
                os.remove(f"{CAPTURES}/{old}")

    def close(self):
        self.procs.stop_all()
        self.net.close()
        shutil.rmtree(self.tmp, ignore_errors=True)

    @staticmethod
    def _add(where, what):
        where.append(what)
        return what


def compact(value, indent=0, width=140):
    """JSON that is read by people: what fits on a line stays on it."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, (dict, list)):
        return flat
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {compact(v, indent + 2, width)}" for k, v in value.items()]
    else:
        parts = [compact(v, indent + 2, width) for v in value]
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return opening + "\n" + ",\n".join(pad + p for p in parts) + "\n" + " " * indent + closing
