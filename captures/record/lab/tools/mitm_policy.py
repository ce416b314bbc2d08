"""mitmproxy addon that plays a policy: which stage challenges which host, and with what. It also logs what it did.

POLICY (environment) is JSON: {"log": path, "rules": [{"stage": "connect"|"https"|"forward", "host": "news.example.com"|"*",
"status": 401, "schemes": ["Basic", "NTLM"], "realm": "...", "accept": true, "page": bytes, "header": [name, value], "after": n,
"path": prefix, "delay": ms, "replace": true}]}. `replace`: the origin is asked, and its answer replaced.
"trace", "access_log", "trace_ports": paths of a policy trace and an access log that are written, too, and whether the trace names ports.
`accept`: credentials of any kind satisfy the rule (NTLM: a type 3 message on a connection that had its type 2); without it nothing does.
"""
import asyncio
import base64
import json
import os
import struct
import sys
import time

from mitmproxy import http

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from policy_trace_writer import Writer  # noqa: E402

POLICY = json.loads(os.environ["POLICY"])
LOG = open(POLICY["log"], "a")
NTLM_FLAGS = 0x008A8205  # unicode, request target, NTLM, always sign, extended security, target info, target type server ([MS-NLMP] section 2.2.2.5)
NAMES = {407: ("Proxy-Authorization", "Proxy-Authenticate"), 401: ("Authorization", "WWW-Authenticate")}


def log(**fields):
    LOG.write(json.dumps({"time": time.time(), **fields}) + "\n")
    LOG.flush()


def ntlm_challenge(domain="EXAMPLE"):
    """A type 2 message with a fixed server challenge ([MS-NLMP] section 2.2.1.2): 48 bytes, version, payload."""
    name = domain.encode("utf-16-le")
    info = struct.pack("<HH", 2, len(name)) + name + struct.pack("<HH", 0, 0)
    head = struct.pack("<8sIHHIIQQHHI", b"NTLMSSP\0", 2, len(name), len(name), 56, NTLM_FLAGS, 0x1122334455667788, 0,
                       len(info), len(info), 56 + len(name))
    return base64.b64encode(head + bytes(8) + name + info).decode()


class Policy:
    def __init__(self):
        self.counts = {}
        self.ntlm_done = set()
        self.tunnelled = set()
        self.users = {}
        self.writer = Writer(POLICY["trace"], POLICY["access_log"], POLICY["trace_ports"], bool(POLICY.get("accepted")),
                             POLICY["rules"]) if POLICY.get("trace") else None

    def rule(self, stage, host, request):
        return next((r for r in POLICY["rules"] if r["stage"] == stage and r["host"] in (host, "*")
                     and request.path.startswith(r.get("path", ""))), None)

    def http_connect(self, flow):
        """mitmproxy 8 calls nothing once the tunnel is open: an answer that is not ours is its 200 (its own addons, such as --proxyauth, have answered before)."""
        self.tunnelled.add(flow.client_conn.id)
        self.judge(flow, "connect")
        self.done(flow, "connect")

    async def request(self, flow):
        delay = self.judge(flow, "https" if flow.client_conn.id in self.tunnelled else "forward")
        if delay:
            await asyncio.sleep(delay / 1000)

    def judge(self, flow, stage):
        flow.metadata["stage"] = stage
        flow.metadata["credentials"] = self.scheme(flow, "Proxy-Authorization") or self.scheme(flow, "Authorization") or (
            POLICY.get("accepted") if stage == "connect" and not flow.response else None)  # --proxyauth removes what it has accepted
        if flow.response:  # another addon has answered, such as --proxyauth
            flow.metadata["own"] = True
            return
        rule = self.rule(stage, flow.request.host if stage == "connect" else flow.request.pretty_host, flow.request)
        if rule is None:
            return
        request_header = NAMES.get(rule["status"], NAMES[401])[0]
        key = (id(rule), flow.client_conn.id)
        self.counts[key] = self.counts.get(key, 0) + 1
        if self.counts[key] <= rule.get("after", 0) or key in self.ntlm_done:
            return
        given = flow.request.headers.get(request_header, "")
        scheme, _, token = given.partition(" ")
        values = list(rule["schemes"])
        if scheme.lower() == "ntlm" and token:
            message = base64.b64decode(token)
            if message[8] == 1:
                values = ["NTLM " + ntlm_challenge()]
            elif rule.get("accept"):
                self.ntlm_done.add(key)
                del flow.request.headers[request_header]
                return
        elif given and rule.get("accept"):
            del flow.request.headers[request_header]
            return
        if rule.get("replace"):
            flow.metadata["replacement"] = self.answer(rule, values)
            return None
        flow.metadata["own"] = True
        flow.response = self.answer(rule, values)
        return rule.get("delay")

    def answer(self, rule, values):
        fields = [(NAMES.get(rule["status"], NAMES[401])[1].encode(), self.challenge(v, rule).encode()) for v in values]
        if rule.get("header"):
            fields.append(tuple(part.encode() for part in rule["header"]))
        fields.append((b"Content-Type", b"text/html"))
        if rule.get("close"):
            fields.append((b"Connection", b"close"))
        page = b"<html><title>Access denied</title><h1>Authentication required by the web gateway</h1>"
        page = page.ljust(rule.get("page", 0), b" ") + b"</html>\n"
        response = http.Response.make(rule["status"], page, fields)
        response.reason = rule.get("reason", "Authentication Required" if rule["status"] == 401 else "Proxy Authentication Required")
        return response

    @staticmethod
    def scheme(flow, header):
        return flow.request.headers.get(header, "").split(" ")[0] or None

    @staticmethod
    def challenge(value, rule):
        return f'{value} realm="{rule.get("realm", "Example gateway")}"' if value in ("Basic", "Digest", "Bearer") else value

    def response(self, flow):
        if "replacement" in flow.metadata and not flow.metadata.get("own"):
            flow.metadata["own"], flow.response = True, flow.metadata["replacement"]
        if flow.request.method != "CONNECT":
            self.done(flow, flow.metadata.get("stage", "https"))

    def done(self, flow, stage):
        client, tls = flow.client_conn, flow.client_conn.tls_version
        headers = flow.response.headers if flow.response else http.Headers()
        name = "Proxy-Authenticate" if flow.response and flow.response.status_code == 407 else "WWW-Authenticate"
        log(client=f"{client.peername[0]}:{client.peername[1]}", stage=stage, method=flow.request.method,
            target=f"{flow.request.host}:{flow.request.port}" if stage == "connect" else None,
            url=None if stage == "connect" else flow.request.pretty_url, status=flow.response.status_code if flow.response else 200,
            schemes=[v.split(" ")[0] for v in headers.get_all(name)], credentials=flow.metadata.get("credentials"),
            own=bool(flow.metadata.get("own")), tls=tls, sni=client.sni, http=flow.request.http_version, **self.told(flow, stage))

    def told(self, flow, stage):
        """Writes the transaction to trace and access log; gives their lines for the truth."""
        if self.writer is None:
            return {}
        client, request = flow.client_conn.peername, flow.request
        host = request.host if stage == "connect" else request.pretty_host
        status = flow.response.status_code if flow.response else 200
        own = bool(flow.metadata.get("own"))
        refused = own and status in (401, 407)
        if stage == "connect" and not refused and POLICY.get("accepted"):
            self.users[flow.client_conn.id] = "user"
        user = None if refused else self.users.get(flow.client_conn.id)
        line = f"CONNECT tcp://{host}:{request.port}/" if stage == "connect" else f"{request.method} {request.pretty_url}"
        agent = request.headers.get("User-Agent")
        server = 0 if own or stage == "connect" else status
        about = {"user": user, "server": server, "status": status, "agent": agent, "refused": refused}
        return {"traceLine": self.writer.transaction(client, stage, line, request.timestamp_start, host, **about),
                "logLine": self.writer.entry(client, request.timestamp_start, request.method, "tcp" if stage == "connect" else request.scheme, host,
                                             request.port, "/" if stage == "connect" else request.path.split("?")[0], **about)}

    def tls_established_client(self, data):
        c = data.conn
        told = {}
        if self.writer is not None:
            told["traceLine"] = self.writer.transaction(c.peername, "tls", f"unknown ssl://{c.sni}:443/", time.time(), c.sni, user=self.users.get(c.id))
        log(client=f"{c.peername[0]}:{c.peername[1]}", stage="tls", sni=c.sni, tls=c.tls_version, alpn=(c.alpn or b"").decode(), **told)

    def tls_failed_client(self, data):
        c = data.conn
        log(client=f"{c.peername[0]}:{c.peername[1]}", stage="tls-failed", sni=c.sni, error=c.error)


addons = [Policy()]
