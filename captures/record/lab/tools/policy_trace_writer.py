"""Writes what happened as a ProxySG would tell it: a policy trace, and an access log in the W3C extended format.

The traffic is real, the words are those of the product's documentation; the rules are made from the policy that mitm_policy.py plays.
"""
import time

DASHES = "-" * 20
FIELDS = ("date time time-taken c-ip c-port cs-username x-exception-id sc-filter-result cs-categories sc-status rs-status s-action cs-method "
          "cs-uri-scheme cs-host cs-uri-port cs-uri-path cs(User-Agent) s-ip")
FAILED = "Authentication failed either because credentials were not provided or they could not be validated"
INSIDE = "authenticate(domain1) authenticate.force(no) authenticate.mode(proxy-ip)"
ON_CONNECT = "client.address=10.44.1.0/24 authenticate(corp) authenticate.force(no) authenticate.mode(proxy)"


def clock(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


class Writer:
    """path: of the trace; log: of the access log. ports: whether the trace names the client's port. asks: whether the CONNECT is authenticated."""

    def __init__(self, path, log, ports, asks, rules):
        self.trace, self.log, self.ports, self.asks, self.rules = open(path, "w"), open(log, "w"), ports, asks, rules
        self.line, self.log_line, self.id = 0, 0, 5200100
        self._log("#Software: SGOS 7.3.5.1", "#Version: 1.0", f"#Date: {clock(time.time())}", f"#Fields: {FIELDS}")

    def _write(self, *lines):
        first = self.line + 1
        self.line += len(lines)
        self.trace.write("".join(line + "\n" for line in lines))
        self.trace.flush()
        return first

    def _log(self, *lines):
        self.log_line += len(lines)
        self.log.write("".join(line + "\n" for line in lines))
        self.log.flush()
        return self.log_line

    def transaction(self, client, stage, request, started, host, user=None, server=0, status=None, agent=None, refused=False):
        """request: the request line. server, status: codes. refused: by the proxy, for want of credentials. Gives the first line."""
        self.id += 1
        rules = ["  <Proxy \"Authentication\">"]
        for rule in self.rules:
            hit = rule["stage"] == stage and rule["host"] in (host, "*")
            domain = "" if rule["host"] == "*" else f" url.domain=//{rule['host']}/"
            rules.append(f"    {'MATCH:' if hit else ' miss:'}         url.scheme=https{domain} {INSIDE}")
        if self.asks:
            rules.append(f"    {'MATCH:' if stage == 'connect' else ' miss:'}         {ON_CONNECT}")
        port = f" client.port={client[1]}" if self.ports else ""
        who = f'user: name="EXAMPLE\\{user}" realm=corp' if user else "user: unauthenticated"
        wants = "need_credentials" if refused else "none"
        return self._write(
            f"start transaction {DASHES}", f"  transaction ID={self.id}", *rules,
            f"  connection: service.name=Explicit HTTP client.address={client[0]}{port} proxy.port=8080 client.interface=0:0.1 routing-domain=default",
            "    location-id=0 access_type=unknown", f"  time: {clock(started)} UTC", f"  {request}", "    DNS lookup was unrestricted",
            *([f"  User-Agent: {agent}"] if agent else []), f"  {who}",
            f"  authentication status='{wants}' authorization status='{'not_attempted' if refused else 'none'}'",
            *([f"  EXCEPTION(authentication_failed): {FAILED}"] if refused else []),
            "  url.category: none", "  application.name: none",
            f"  server.response.code: {server}", *([] if status is None else [f"  client.response.code: {status}"]), f"stop transaction {DASHES}")

    def entry(self, client, started, method, scheme, host, port, path, user=None, server=0, status=200, agent=None, refused=False):
        """One line of the access log, written at the end of the request. Gives its number."""
        now = time.time()
        action = "TCP_DENIED" if refused else "TCP_TUNNELED" if method == "CONNECT" else "TCP_NC_MISS"
        return self._log(" ".join([
            clock(now), str(max(0, int((int(now) - started) * 1000))), client[0], str(client[1]), f"EXAMPLE\\{user}" if user else "-",
            "authentication_failed" if refused else "-", "DENIED" if refused else "OBSERVED", '"none"', str(status), str(server) if server else "-",
            action, method, scheme, host, str(port), path, f'"{agent}"' if agent else "-", "10.44.1.80"]))
