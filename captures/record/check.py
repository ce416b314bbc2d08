#!/usr/bin/python3
"""Holds each truth against what tshark reads in its capture, with its keys: CONNECT targets and statuses, exchanges, SNI, TLS version.

Usage: check.py [NAME…]. Exit code 1 if anything differs. What tshark cannot see is listed as "not seen", which is no difference.
"""
import json
import os
import subprocess
import sys

CAPTURES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIELDS = ["frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "http.request.method",
          "http.request.uri", "http.response.code", "http.proxy_authenticate", "http.proxy_authorization", "http.www_authenticate",
          "tls.handshake.extensions_server_name", "tls.handshake.type", "tls.handshake.version", "tls.handshake.extensions.supported_version",
          "http2.headers.method", "http2.headers.status", "http2.headers.path", "http2.streamid", "http.response_for.uri", "http.host",
          "http2.headers.authority"]
VERSIONS = {"0x0300": "SSL 3.0", "0x0301": "TLS 1.0", "0x0302": "TLS 1.1", "0x0303": "TLS 1.2", "0x0304": "TLS 1.3"}


def dissect(path, keys, proxies, rsa_key):
    """Rows of tshark, one dict per frame with HTTP or a handshake."""
    argv = ["tshark", "-n", "-2", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE"]
    if keys:
        argv += ["-o", f"tls.keylog_file:{keys}"]
    if rsa_key:
        argv += ["-o", f'uat:rsa_keys:"{rsa_key}",""']
    for proxy in proxies:
        argv += ["-d", f"tcp.port=={proxy['port']},tls", "-d", f"tls.port=={proxy['port']},http"] if proxy["tls"] else [
            "-d", f"tcp.port=={proxy['port']},http"]
    argv += ["-Y", "http || http2.headers || tls.handshake", "-T", "fields", "-E", "separator=\x1f", "-E", "occurrence=a", "-E", "aggregator=\x1e"]
    for field in FIELDS:
        argv += ["-e", field]
    out = subprocess.run(argv, capture_output=True, text=True, errors="replace").stdout
    return [dict(zip(FIELDS, (v.split("\x1e") if v else [] for v in line.split("\x1f")))) for line in out.split("\n") if line]


def last(row, *names):
    return next((row[n][-1] for n in names if row[n]), None)


def same_target(method, truth, seen, forwarded):
    """A CONNECT's authority as it is; a forwarded request is absolute on the wire, one inside a tunnel (HTTP/2: not shown here) is a path."""
    seen = seen.split("?")[0]
    if method == "CONNECT" or forwarded:
        return truth == seen or truth == f"{seen}/"
    return not seen.startswith("/") or truth.split("/", 3)[3] == seen[1:]


def streams_of(rows, client):
    ip, _, port = client.rpartition(":")
    wanted = set()
    for row in rows:
        ends = (last(row, "ip.src", "ipv6.src"), last(row, "tcp.srcport")), (last(row, "ip.dst", "ipv6.dst"), last(row, "tcp.dstport"))
        if (ip, port) in ends and row["tcp.stream"]:
            wanted.add(row["tcp.stream"][-1])
    return wanted


def check_connection(conn, rows, outer_tls):
    """Differences and what could not be seen, as two lists of text."""
    wrong, unseen = [], []
    streams = streams_of(rows, conn["client"])
    mine = [r for r in rows if r["tcp.stream"] and r["tcp.stream"][-1] in streams]
    requests, answers, sni, version = [], [], None, None
    for row in mine:
        methods = row["http.request.method"]
        for n, method in enumerate(methods):
            requests.append((method, row["http.request.uri"][n] if n < len(row["http.request.uri"]) else "", bool(row["http.proxy_authorization"])))
        for code in row["http.response.code"]:
            if not code.startswith("1") or code == "101":
                answers.append((int(code), row["http.proxy_authenticate"] or row["http.www_authenticate"]))
        for n, method in enumerate(row["http2.headers.method"]):
            requests.append((method, row["http2.headers.authority"][n] if n < len(row["http2.headers.authority"]) else "", False))
        for code in row["http2.headers.status"]:
            answers.append((int(code), []))
        sni = sni or last(row, "tls.handshake.extensions_server_name")
        if "2" in row["tls.handshake.type"]:
            version = version or VERSIONS.get((row["tls.handshake.extensions.supported_version"] or row["tls.handshake.version"] or [""])[-1])
    wanted = [("CONNECT", c["target"], c["status"], c["schemes"]) for c in conn["connects"]]
    wanted += [(e["method"], e["url"], e["status"], []) for e in conn["forwards"] + conn["exchanges"]]
    asked = [(m, u) for m, u, _, _ in wanted if m]
    for n, (method, uri) in enumerate(asked):
        if n >= len(requests):  # of a request that the client breaks off tshark shows none
            broken = n == len(conn["connects"]) - 1 and n > 0 and conn["connects"][n]["status"] is None
            (unseen if broken or n >= len(conn["connects"]) + len(conn["forwards"]) else wrong).append(f"request {n + 1} {method} {uri}")
        elif method != requests[n][0] or not same_target(method, uri, requests[n][1], n < len(conn["connects"]) + len(conn["forwards"])):
            wrong.append(f"request {n + 1}: truth {method} {uri}, tshark {requests[n][:2]}")
    if len(requests) > len(asked):
        wrong.append(f"tshark has {len(requests)} requests, truth {len(asked)}: {requests[len(asked):]}")
    for n, given in enumerate(c["credentials"] for c in conn["connects"]):
        if n < len(requests) and bool(given) != requests[n][2]:
            wrong.append(f"CONNECT {n + 1}: truth credentials {given}, tshark {requests[n][2]}")
    statuses = [(s, schemes) for _, _, s, schemes in wanted if s is not None]
    for n, (status, schemes) in enumerate(statuses):
        if n >= len(answers):
            unseen.append(f"answer {n + 1} {status}")
        elif status != answers[n][0]:
            wrong.append(f"answer {n + 1}: truth {status}, tshark {answers[n][0]}")
        elif schemes and [s.lower() for s in schemes] != [v.split()[0].lower() for v in answers[n][1]]:
            wrong.append(f"answer {n + 1}: truth schemes {schemes}, tshark {answers[n][1]}")
    if len(answers) > len(statuses):  # answers alone, in a capture of one direction, are no exchanges
        (wrong if requests else unseen).append(f"tshark has {len(answers)} answers, truth {len(statuses)}: {answers[len(statuses):]}")
    tunnel = conn["tunnel"]
    for what, truth, seen in (("SNI", tunnel and tunnel["sni"], sni), ("TLS version", tunnel and tunnel["tlsVersion"], version)):
        if truth != seen and (truth or tunnel is None):  # a proxy behind TLS: what tshark names is the outer handshake
            (wrong if seen and not outer_tls else unseen).append(f"{what}: truth {truth}, tshark {seen}")
        elif seen and not truth:
            unseen.append(f"{what}: truth says nothing, tshark {seen}")
    return wrong, unseen


def main():
    names = sys.argv[1:] or sorted(f.removesuffix(".truth.json") for f in os.listdir(CAPTURES) if f.endswith(".truth.json"))
    bad = 0
    for name in names:
        with open(f"{CAPTURES}/{name}.truth.json") as f:
            truth = json.load(f)
        keys = truth["keys"] and f"{CAPTURES}/{truth['keys']}"
        options = truth["options"]
        rsa_key = f"{CAPTURES}/{options[options.index('--rsa-key') + 1]}" if "--rsa-key" in options else None
        rows = dissect(f"{CAPTURES}/{truth['capture']}", keys, [truth["proxy"], *truth["otherProxies"]], rsa_key)
        for conn in truth["connections"]:
            wrong, unseen = check_connection(conn, rows, truth["proxy"]["tls"])
            for text in wrong:
                print(f"{name} {conn['client']}: WRONG {text}")
            for text in unseen:
                print(f"{name} {conn['client']}: not seen: {text}")
            bad += len(wrong)
    print(f"{len(names)} captures, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
