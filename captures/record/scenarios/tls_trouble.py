"""Handshakes that fail inside the tunnel, and tunnels that carry something else than TLS."""
import os
import time

from lab import net, pki
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

WWW = "https://www.example.com/"
TARGET = "www.example.com:443"


def fails(lab, proxy, client, exits=(35, 60), opened=200, version=None, intercepted=False):
    with lab.capture():
        r = client(proxy)
    lab.expect(r.exit in exits, r)
    lab.add([connect(TARGET, opened)], tunnel(sni="www.example.com", version=version, intercepted=intercepted))
    return r


@scenario("tls-unknown-ca", "the client does not trust the interception authority: alert unknown_ca after the proxy's certificate (TLS 1.3)")
def unknown_ca(lab):
    lab.origin()
    only = pki.bundle(lab.tmp, pki.ORIGIN_ROOT)
    fails(lab, lab.mitmproxy(), lambda p: lab.curl(WWW, proxy=p, args=["--cacert", only]), version="TLS 1.3", intercepted=True)
    lab.judge("tls-failed", findings=["untrusted-interception"])


@scenario("tls-unknown-ca-tls12", "the same in TLS 1.2, where certificate and alert are in the clear")
def unknown_ca_12(lab):
    lab.origin()
    only = pki.bundle(lab.tmp, pki.ORIGIN_ROOT)
    fails(lab, lab.mitmproxy(), lambda p: lab.curl(WWW, proxy=p, args=["--cacert", only, "--tls-max", "1.2"]), version="TLS 1.2", intercepted=True)
    lab.judge("tls-failed", findings=["untrusted-interception"])


@scenario("tls-unknown-ca-wget", "wget (GnuTLS) does not trust the interception authority: it completes the handshake, and resets without an alert or a request")
def unknown_ca_wget(lab):
    lab.origin()
    only = pki.bundle(lab.tmp, pki.ORIGIN_ROOT)
    fails(lab, lab.mitmproxy(), lambda p: lab.wget(WWW, proxy=p, args=[f"--ca-certificate={only}"]), exits=(5,), version="TLS 1.3", intercepted=True)
    lab.judge("tls-failed", without=["encrypted"], findings=["untrusted-interception"])


@scenario("tls-version-mismatch", "client and origin have no TLS version in common: alert protocol_version")
def version_mismatch(lab):
    lab.origin(minimum="TLSv1_3")
    fails(lab, lab.squid(), lambda p: lab.curl(WWW, proxy=p, args=["--tls-max", "1.2"]))
    lab.judge("tls-failed")


@scenario("tls-no-common-cipher", "client and origin have no cipher suite in common: alert handshake_failure")
def no_cipher(lab):
    lab.origin(maximum="TLSv1_2", ciphers="ECDHE-ECDSA-AES256-GCM-SHA384")
    fails(lab, lab.squid(), lambda p: lab.curl(WWW, proxy=p, args=["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]))
    lab.judge("tls-failed")


@scenario("tls-reset", "the origin resets the connection in the middle of its first flight (scripted)")
def reset(lab):
    # A ServerHello's first bytes, then RST: what a filter on the way does.
    lab.raw_origin([["bytes", 300], ["send", "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + "R" * 20], ["sleep", 0.1], ["reset"]], 443)
    fails(lab, lab.squid(), lambda p: lab.curl(WWW, proxy=p), exits=(35, 56))
    lab.judge("tls-failed")


@scenario("tls-plain-http-origin", "the origin at the tunnel's end does not speak TLS: a plaintext 400 answers the ClientHello")
def plain_http_origin(lab):
    lab.nginx()
    lab.procs.run(lab.net.origin, ["true"])
    squid = lab.squid()
    conf = lab.write("plain.conf", f"""daemon off; pid {lab.tmp}/plain.pid; error_log {lab.tmp}/plain.log; events {{ worker_connections 32; }}
http {{ access_log off; server {{ listen 8443; }} }}
""")
    plain = lab.procs.start(lab.net.origin, ["nginx", "-c", conf, "-e", f"{lab.tmp}/plain.log"])
    lab.procs.wait_listening(lab.net.origin, 8443, plain)
    with lab.capture():
        r = lab.curl("https://www.example.com:8443/", proxy=squid)
    lab.expect(r.exit == 35, r)
    lab.add([connect("www.example.com:8443", 200)], tunnel(sni="www.example.com"), [exchange(None, None, 400, "origin")])
    lab.judge("tls-failed")


NEVER_ENDS = """
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"CONNECT www.example.com:443 HTTP/1.1\\r\\nHost: www.example.com:443\\r\\n\\r\\n")
s.recv(4096)
context = ssl.create_default_context(cafile=TRUST)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="www.example.com")
try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    s.sendall(outgoing.read())
s.recv(65536)
time.sleep(1.5)
s.close()
"""


@scenario("tls-to-plain-port", "a client that is set up for an HTTPS proxy speaks TLS to Squid's plain port, which answers 400 in the clear; beside it one that is set up as it should be")
def to_plain_port(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.curl(WWW, proxy=f"https://{squid.ip}:{squid.port}", args=["--proxy-insecure"])
        lab.expect("wrong version number" in r.err, r)
        r = lab.curl(WWW, proxy=squid)
        lab.expect(r.transfers[0]["http_code"] == 200, r)
    lab.add()
    lab.add([connect("www.example.com:443", 200)], tunnel("tls", "www.example.com", "TLS 1.3"), [exchange("GET", WWW, 200, "origin")])
    lab.judge("tls-failed", "ok", without=["tls-failed", "encrypted"])


@scenario("tls-never-ends", "the client reads the server's flight, never sends its Finished, and closes (scripted client)")
def never_ends(lab):
    lab.origin()
    fails(lab, lab.squid(), lambda p: lab.python(NEVER_ENDS, proxy=p), exits=(0,), version="TLS 1.3")
    lab.judge("tls-failed")


@scenario("tls-nothing-sent", "the tunnel opens, and the client sends nothing and closes (a speculative connection, scripted)")
def nothing_sent(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        lab.python("""
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"CONNECT www.example.com:443 HTTP/1.1\\r\\nHost: www.example.com:443\\r\\n\\r\\n")
s.recv(4096)
time.sleep(0.5)
s.close()
""", proxy=squid)
    lab.add([connect(TARGET, 200)], tunnel("none"))
    lab.judge("ok")


# Not TLS ---------------------------------------------------------------------------------------------------------------
@scenario("tunnel-ssh", "OpenSSH through the proxy's CONNECT (ProxyCommand ncat)", requires=["sshd", "ncat"])
def ssh(lab):
    d = lab.mkdir("ssh")
    os.makedirs("/run/sshd", exist_ok=True)
    lab.sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{d}/host")
    conf = lab.write("ssh/sshd_config", f"Port 22\nHostKey {d}/host\nPidFile {d}/pid\nUsePAM no\nPasswordAuthentication no\n")
    sshd = lab.procs.start(lab.net.origin, ["/usr/sbin/sshd", "-D", "-f", conf])
    lab.procs.wait_listening(lab.net.origin, 22, sshd)
    squid = lab.squid()
    with lab.capture():
        r = lab.client_program(["ssh", "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={d}/known", "-o", "BatchMode=yes", "-o",
                                f"ProxyCommand=ncat --proxy {squid.ip}:{squid.port} --proxy-type http %h %p", "user@ssh.example.org", "true"], "OpenSSH 9.2")
    lab.expect(r.exit == 255 and "Permission denied" in r.err, r)
    lab.add([connect("ssh.example.org:22", 200)], tunnel("ssh"))
    lab.judge("not-tls")


@scenario("tunnel-smtp", "SMTP through a tunnel (curl --proxytunnel smtp://) to a scripted mail server")
def smtp(lab):
    steps = [["send", "220 mail.example.net ESMTP ready\r\n"]]
    for answer in ("250-mail.example.net\r\n250 SIZE 1000000\r\n", "250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n", "354 go ahead\r\n", "250 2.0.0 queued\r\n", "221 bye\r\n"):
        steps += [["bytes", 4], ["send", answer]]
    lab.raw_origin([*steps, ["close"]], 25, net.HOSTS["mail.example.net"])
    squid = lab.squid()
    mail = lab.write("mail.txt", "Subject: test\r\n\r\nA test.\r\n")
    with lab.capture():
        r = lab.curl("smtp://mail.example.net:25", proxy=squid, args=["-p", "--mail-from", "a@example.net", "--mail-rcpt", "b@example.net", "-T", mail])
    lab.expect(r.transfers and r.transfers[0]["http_connect"] == 200, r)
    lab.add([connect("mail.example.net:25", 200)], tunnel("smtp"))
    lab.judge("not-tls")


@scenario("tunnel-unknown", "a protocol of its own through a tunnel: binary, server speaks first")
def unknown(lab):
    lab.raw_origin([["send", "\x00\x01\x02\x03HELLO\xff\xfe"], ["bytes", 8], ["send", "\x00" * 64], ["close"]], 4444, net.HOSTS["intranet.example.org"])
    squid = lab.squid()
    with lab.capture():
        r = lab.client_program(["sh", "-c", f"(printf 'ABCDEFGH\\001\\002'; sleep 1) | ncat --proxy {squid.ip}:{squid.port} --proxy-type http intranet.example.org 4444"],
                               "ncat 7.93")
    lab.expect(r.exit == 0, r)
    lab.add([connect("intranet.example.org:4444", 200)], tunnel("unknown"))
    lab.judge("not-tls")


WEBSOCKET = """
host, port = PROXY.split(":")
s = socket.create_connection((host, int(port)))
s.sendall(b"CONNECT www.example.com:%d HTTP/1.1\\r\\nHost: www.example.com:%d\\r\\n\\r\\n" % (int(sys.argv[1]), int(sys.argv[1])))
s.recv(4096)
if sys.argv[1] == "443":
    s = ssl.create_default_context(cafile=TRUST).wrap_socket(s, server_hostname="www.example.com")
s.sendall(b"GET /ws HTTP/1.1\\r\\nHost: www.example.com\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
          b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n")
print(s.recv(4096))
s.sendall(b"\\x81\\x85\\x00\\x00\\x00\\x00hello")
time.sleep(0.5)
s.close()
"""


@scenario("tunnel-websocket", "a WebSocket (ws://) through a tunnel, in the clear")
def websocket(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.python(WEBSOCKET, proxy=squid, args=["80"])
    lab.expect("101" in r.out, r)
    lab.from_logs()
    lab.judge("not-tls")


@scenario("tunnel-websocket-tls", "a WebSocket (wss://) through a tunnel")
def websocket_tls(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.python(WEBSOCKET, proxy=squid, args=["443"])
    lab.expect("101" in r.out, r)
    lab.from_logs()
    lab.judge("ok", without=["encrypted"])


@scenario("git-clone", "git clone over https (dumb protocol) through an authenticating proxy: several requests in one tunnel")
def git_clone(lab):
    repo = lab.mkdir("repo")
    git = ["git", "-C", repo, "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    lab.sh(*git, "init", "-q", "-b", "main")
    lab.write("repo/README", "A repository for a test.\n")
    lab.sh(*git, "add", ".")
    lab.sh(*git, "commit", "-q", "-m", "First")
    lab.nginx(names=("git.example.org",))
    lab.sh("git", "clone", "-q", "--bare", repo, f"{lab.tmp}/nginx/html/repo.git")
    lab.sh("git", "-C", f"{lab.tmp}/nginx/html/repo.git", "update-server-info")
    squid = lab.squid(auth=["Basic"])
    with lab.capture():
        r = lab.git("clone", "-q", "https://git.example.org/repo.git", f"{lab.tmp}/clone", proxy=squid, user="user:secret-for-test")
    lab.expect(r.exit == 0, r)
    time.sleep(0.2)
    lab.from_logs()
    lab.judge("auth-ok", without=["encrypted"], findings=["basic-in-clear"])
