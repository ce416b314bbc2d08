"""The truth about a capture, put together from the logs of proxies and origins; its form is in test/harness/truth.ts."""
VERDICTS = (  # worst first, as the design's table of verdicts has them
    "tunnel-401-proxy", "tunnel-407", "connect-401", "forward-401-proxy", "tunnel-401-unattributed", "tunnel-401-suspected", "auth-loop",
    "auth-no-scheme", "auth-abandoned", "tunnel-refused", "no-response", "tls-failed", "incomplete", "encrypted", "not-tls",
    "tunnel-401-origin", "forward-401-origin", "auth-ok", "ok")
DEFAULT_PORT = {"https": 443, "http": 80}


def connect(target, status, schemes=(), credentials=None):
    """One CONNECT; status None if it was never answered."""
    return {"target": target, "status": status, "schemes": list(schemes), "credentials": credentials}


def tunnel(protocol="tls", sni=None, version=None, intercepted=False):
    return {"protocol": protocol, "sni": sni, "tlsVersion": version, "intercepted": intercepted}


def exchange(method, url, status, sent_by=None):
    return {"method": method, "url": plain_url(url), "status": status, "sentBy": sent_by}


def connection(client=None, connects=(), tunnel=None, exchanges=(), forwards=()):
    return {"client": client, "verdict": None, "verdictWithoutKeys": None, "connects": list(connects), "tunnel": tunnel,
            "exchanges": list(exchanges), "forwards": list(forwards)}


def plain_url(url):
    """Without query, fragment and default port: the form in which reports show it."""
    scheme, rest = url.split("?")[0].split("#")[0].split("://", 1)
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.removesuffix(f':{DEFAULT_PORT[scheme]}')}/{path if slash else ''}"


def version_name(name):
    """OpenSSL's "TLSv1.3" as the report says it: "TLS 1.3"; "TLSv1" is TLS 1.0."""
    if not name:
        return None
    return {"TLSv1": "TLS 1.0", "SSLv3": "SSL 3.0"}.get(name, name.replace("TLSv", "TLS "))


def from_events(proxy_events, origin_events):
    """Connections by client endpoint. What the proxy logged comes first; what only the origin saw is joined by the proxy's own port."""
    by_peer = {}
    for event in origin_events:
        if "status" in event:
            by_peer.setdefault(event["peer"], []).append(event)
    connections = {}
    for event in sorted(proxy_events, key=lambda e: e["time"]):
        conn = connections.setdefault(event["client"], connection(event["client"]))
        stage = event["stage"]
        if stage == "connect":
            conn["connects"].append(connect(event["target"], event["status"], event.get("schemes", ()), event.get("credentials")))
            if event["status"] is not None and 200 <= event["status"] < 300 and not conn["tunnel"]:
                secure = event["target"].endswith(":443")
                conn["tunnel"] = tunnel("tls" if secure else "http", intercepted=bool(event.get("bump") in ("bump", "server-first")))
            for seen in by_peer.get(event.get("server"), ()):
                if not conn["tunnel"]["intercepted"]:
                    scheme = "https" if seen["tls"] else "http"
                    conn["exchanges"].append(exchange(seen["method"], f"{scheme}://{seen['host']}{seen['path']}", seen["status"], "origin"))
                    conn["tunnel"].update(sni=seen["sni"], tlsVersion=version_name(seen["tls"]))
        elif stage in ("https", "forward"):
            where = "exchanges" if stage == "https" else "forwards"
            if event["status"] is not None:
                conn[where].append(exchange(event["method"], event["url"], event["status"], "proxy" if event["own"] else "origin"))
            if stage == "https" and conn["tunnel"]:
                conn["tunnel"]["intercepted"] = True
        elif stage in ("tls", "tls-failed") and conn["tunnel"] is None:
            conn["pending"] = event  # the proxy's TLS began before its CONNECT was logged
        if conn["tunnel"] and (stage == "tls" or "pending" in conn):
            seen = conn.pop("pending", event)
            conn["tunnel"].update(sni=seen["sni"], intercepted=True)
            if seen["stage"] == "tls":
                conn["tunnel"]["tlsVersion"] = version_name(seen["tls"])
    for conn in connections.values():
        conn.pop("pending", None)
        # Squid logs a tunnel when it ends, at the same millisecond as what came before it: an opened tunnel is always the last CONNECT.
        conn["connects"].sort(key=lambda c: c["status"] is not None and 200 <= c["status"] < 300)
    return list(connections.values())
