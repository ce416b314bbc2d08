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
    """A request and its answer; method and url None for an answer to no request."""
    return {"method": method, "url": plain_url(url) if url else None, "status": status, "sentBy": sent_by}


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
        if "status" in event or "tls" in event:
            by_peer.setdefault(event["peer"], []).append(event)
    connections, inside = {}, {}
    for event in sorted(proxy_events, key=lambda e: e["time"]):
        conn = connections.setdefault(event["client"], connection(event["client"]))
        stage = event["stage"]
        if stage == "connect":
            _add_connect(conn, event, by_peer)
        elif stage in ("https", "forward"):
            where = "exchanges" if stage == "https" else "forwards"
            if event["status"] is not None:
                conn[where].append(exchange(event["method"], event["url"], event["status"], "proxy" if event["own"] else "origin"))
        if stage in ("https", "tls", "tls-failed"):  # the proxy looked inside
            known = inside.setdefault(event["client"], {"intercepted": True})
            if stage != "https":
                known.update(sni=event["sni"], tlsVersion=version_name(event.get("tls")))
    for client, conn in connections.items():
        if conn["tunnel"]:
            conn["tunnel"].update(inside.get(client, {}))
        # Squid logs a tunnel when it ends: an opened tunnel is always the last CONNECT.
        conn["connects"].sort(key=lambda c: opened(c["status"]))
    return list(connections.values())


def _add_connect(conn, event, by_peer):
    conn["connects"].append(connect(event["target"], event["status"], event.get("schemes", ()), event.get("credentials")))
    if not opened(event["status"]):
        return
    secure = event["target"].endswith(":443")
    conn["tunnel"] = tunnel("tls" if secure else "http", intercepted=event.get("bump") in ("bump", "server-first", "client-first"))
    if conn["tunnel"]["intercepted"]:
        return
    for seen in by_peer.get(event.get("server"), ()):
        if "status" in seen:
            scheme = "https" if seen["tls"] else "http"
            conn["exchanges"].append(exchange(seen["method"], f"{scheme}://{seen['host']}{seen['path']}", seen["status"], "origin"))
        conn["tunnel"].update(sni=seen["sni"], tlsVersion=version_name(seen["tls"]))


def opened(status):
    """Whether this answer to a CONNECT opens the tunnel (RFC 9110 section 9.3.6)."""
    return status is not None and 200 <= status < 300


def supports(conn, verdict):
    """Whether what the logs say of a connection can bear a verdict: a slip in a scenario must not become a truth."""
    statuses = [c["status"] for c in conn["connects"]]
    inside = {(e["status"], e["sentBy"]) for e in conn["exchanges"]}
    forwards = {(e["status"], e["sentBy"]) for e in conn["forwards"]}
    asked = [e["status"] for e in conn["forwards"]]
    tunnel_is = conn["tunnel"]["protocol"] if conn["tunnel"] else None
    anything_wrong = {401, 407} & {status for status, _ in inside}
    needed = {
        "tunnel-401-proxy": (401, "proxy") in inside,
        "tunnel-407": (407, "proxy") in inside,
        "connect-401": 401 in statuses,
        "forward-401-proxy": (401, "proxy") in forwards,
        "auth-loop": any(c["status"] == 407 and c["credentials"] for c in conn["connects"]),
        "auth-no-scheme": any(c["status"] == 407 and not c["schemes"] for c in conn["connects"]),
        "auth-abandoned": 407 in (statuses or asked)[-1:] or statuses[-2:] == [407, None],  # the client may break off a further request
        "tunnel-refused": bool(statuses) and (statuses[-1] or 0) >= 300 and statuses[-1] != 407,
        "no-response": statuses[-1:] == [None] or conn["tunnel"] is not None and not inside,
        "tls-failed": not anything_wrong and (tunnel_is == "tls" or not conn["connects"]),  # without a CONNECT: with the proxy itself
        "not-tls": tunnel_is not in (None, "tls", "none") and not anything_wrong,
        "tunnel-401-origin": (401, "origin") in inside and (401, "proxy") not in inside,
        "forward-401-origin": (401, "origin") in forwards and (401, "proxy") not in forwards,
        "auth-ok": not anything_wrong and (407 in [*statuses, *(s for s, _ in forwards)] or any(c["credentials"] for c in conn["connects"])),
        "ok": not anything_wrong and 407 not in statuses and not {401, 407} & {s for s, _ in forwards},
        "encrypted": tunnel_is == "tls",
        "incomplete": True,
    }
    return needed[verdict]
