"""Versions, suites and turns of TLS inside a tunnel, with keys: what decryption has to be able to read."""
from lab import pki
from lab.scenario import scenario
from lab.truth import connect, exchange, tunnel

TARGET = "www.example.com:443"
TWO_REQUESTS = ("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
                "GET /members HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n")
ORIGIN_MS = 5  # one way: an origin that is no further than the proxy's own noise would make timing a matter of luck
HOST = ["-connect", TARGET, "-servername", "www.example.com"]


def version(name, about, openssl_version, ciphers, maximum, kind="rsa", minimum=None, extra=(), options=""):
    """A row: openssl s_client through Squid to an origin with this version and these suites."""

    @scenario(f"tls-{name}", about, wires="wan")
    def row(lab):
        lab.wire(delay=ORIGIN_MS)
        lab.origin(minimum=minimum, maximum=maximum, ciphers=ciphers and f"{ciphers}:@SECLEVEL=0", kind=kind, names=["www.example.com"])
        squid = lab.squid()
        old = maximum in ("TLSv1", "TLSv1_1")
        with lab.capture():
            r = lab.openssl(f"-{openssl_version}", *HOST, *extra,
                            *(["-cipher", f"{ciphers}:@SECLEVEL=0"] if ciphers and maximum != "TLSv1_3" else []), proxy=squid,
                            stdin=TWO_REQUESTS, env={"OPENSSL_CONF": lab.openssl_conf(options)} if old or options else None)
        lab.expect("401" in r.out, r)
        lab.from_logs()
        lab.judge("tunnel-401-origin", without=["encrypted"])

    return row


version("10-cbc-sha", "TLS 1.0, AES-128-CBC with SHA-1, encrypt-then-MAC", "tls1", "ECDHE-RSA-AES128-SHA", "TLSv1", minimum="TLSv1")
version("11-cbc-sha", "TLS 1.1, AES-256-CBC with SHA-1, encrypt-then-MAC", "tls1_1", "ECDHE-RSA-AES256-SHA", "TLSv1_1", minimum="TLSv1_1")
version("12-cbc-sha256", "TLS 1.2, AES-128-CBC with SHA-256", "tls1_2", "ECDHE-RSA-AES128-SHA256", "TLSv1_2")
version("12-cbc-sha384", "TLS 1.2, AES-256-CBC with SHA-384", "tls1_2", "ECDHE-RSA-AES256-SHA384", "TLSv1_2")
version("12-gcm", "TLS 1.2, AES-128-GCM", "tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1_2")
version("12-gcm-256", "TLS 1.2, AES-256-GCM, ECDSA certificate", "tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1_2", kind="ec")
version("12-ccm", "TLS 1.2, AES-128-CCM", "tls1_2", "ECDHE-ECDSA-AES128-CCM", "TLSv1_2", kind="ec")
version("12-ccm8", "TLS 1.2, AES-256-CCM-8", "tls1_2", "ECDHE-ECDSA-AES256-CCM8", "TLSv1_2", kind="ec")
version("12-chacha20", "TLS 1.2, ChaCha20-Poly1305", "tls1_2", "ECDHE-RSA-CHACHA20-POLY1305", "TLSv1_2")
version("12-rsa-kx", "TLS 1.2, RSA key exchange, AES-128-GCM", "tls1_2", "AES128-GCM-SHA256", "TLSv1_2")
for suite, about in (("TLS_AES_128_GCM_SHA256", "AES-128-GCM"), ("TLS_AES_256_GCM_SHA384", "AES-256-GCM"), ("TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305"),
                     ("TLS_AES_128_CCM_SHA256", "AES-128-CCM"), ("TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8")):
    version(f"13-{suite.split('_SHA')[0][4:].lower().replace('_', '-')}", f"TLS 1.3, {about}", "tls1_3", None, "TLSv1_3", extra=["-ciphersuites", suite])
version("13-retry", "TLS 1.3 with HelloRetryRequest: the client's first key share does not fit", "tls1_3", None, "TLSv1_3", extra=["-groups", "P-521:X25519"])
version("12-cbc-mac-then-encrypt", "TLS 1.2, AES-128-CBC with SHA-256, MAC then encrypt", "tls1_2", "ECDHE-RSA-AES128-SHA256", "TLSv1_2", options="-EncryptThenMac")
version("12-no-extended-master-secret", "TLS 1.2 without extended master secret", "tls1_2", "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1_2", options="-ExtendedMasterSecret")
version("12-camellia", "TLS 1.2, Camellia-CBC: a suite that is seldom read", "tls1_2", "ECDHE-RSA-CAMELLIA128-SHA256", "TLSv1_2")


def one_page(lab, path, tls):
    """The truth where s_server or gnutls-serv, which log nothing, answered one request with a page."""
    lab.from_logs()
    lab.connections[0]["exchanges"] = [exchange("GET", f"https://www.example.com/{path}", 200, "origin")]
    lab.connections[0]["tunnel"].update(sni="www.example.com", tlsVersion=tls)
    lab.judge("ok", without=["encrypted"])


@scenario("tls-12-3des", "TLS 1.2, 3DES-CBC with SHA-1: GnuTLS on both sides, since Debian's OpenSSL has no such suite any more")
def triple_des(lab):
    priority = "NONE:+VERS-TLS1.2:+3DES-CBC:+SHA1:+ECDHE-RSA:+SIGN-ALL:+GROUP-ALL:+COMP-NULL"
    crt, key = pki.leaf(lab.tmp, ["www.example.com"], kind="rsa")
    proc = lab.procs.start(lab.net.origin, ["gnutls-serv", "--port", "443", "--x509certfile", crt, "--x509keyfile", key, "--http",
                                            "--priority", priority])
    lab.procs.wait_listening(lab.net.origin, 443, proc)
    squid = lab.squid()
    # gnutls-cli knows no proxies: ncat asks for the tunnel, as the client's own program.
    tunnel_through = f"ncat --proxy {squid.ip}:{squid.port} --proxy-type http www.example.com 443"
    ncat = lab.procs.start(lab.net.client, ["ncat", "-l", "127.0.0.1", "4443", "--sh-exec", tunnel_through])
    lab.procs.wait_listening(lab.net.client, 4443, ncat)
    request = lab.write("request", "GET /page HTTP/1.0\r\nHost: www.example.com\r\n\r\n")
    gnutls = (f"gnutls-cli --logfile=/dev/null --x509cafile '{lab.trust}' --sni-hostname www.example.com --verify-hostname www.example.com "
              f"--priority {priority} --port 4443 127.0.0.1")
    with lab.capture():
        r = lab.client_program(["sh", "-c", f"(sleep 0.7; cat {request}; sleep 1.2) | {gnutls}"], "GnuTLS 3.7")
    lab.expect("HTTP/1.0 200" in r.out, r)
    one_page(lab, "page", "TLS 1.2")


@scenario("tls-13-padding", "TLS 1.3 whose records are padded to multiples of 512 bytes by both sides (RFC 8446 section 5.4)")
def padding(lab):
    d = lab.mkdir("www")
    lab.write("www/page.txt", "A page.\n" * 20)
    crt, key = pki.leaf(lab.tmp, ["www.example.com"])
    proc = lab.procs.start(lab.net.origin, ["openssl", "s_server", "-accept", "443", "-cert", crt, "-key", key, "-WWW", "-tls1_3",
                                            "-record_padding", "512"], cwd=d)
    lab.procs.wait_listening(lab.net.origin, 443, proc)
    squid = lab.squid()
    conf = lab.write("padding.cnf", "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nRecordPadding = 512\n")
    with lab.capture():
        r = lab.openssl("-tls1_3", *HOST, proxy=squid, stdin="GET /page.txt HTTP/1.0\r\nHost: www.example.com\r\n\r\n",
                        env={"OPENSSL_CONF": conf})
    lab.expect("A page." in r.out, r)
    one_page(lab, "page.txt", "TLS 1.3")


@scenario("tls-12-rsa-private-key", "TLS 1.2 with RSA key exchange, and the server's private key instead of a key log")
def rsa_private_key(lab):
    lab.origin(maximum="TLSv1_2", ciphers="AES256-SHA256:@SECLEVEL=0", kind="rsa", names=["www.example.com"])
    squid = lab.squid()
    with lab.capture():
        r = lab.openssl("-tls1_2", "-cipher", "AES256-SHA256", *HOST, proxy=squid, stdin=TWO_REQUESTS)
    lab.expect("401" in r.out, r)
    lab.from_logs()
    lab.extra_files[".rsa.pem"] = f"{lab.tmp}/origin/www.example.com.key"
    lab.no_keys = True
    lab.options = ["--rsa-key", f"{lab.name}.rsa.pem"]
    lab.judge("tunnel-401-origin", without=["encrypted"])


def resumed(name, about, args, maximum):
    """Two connections; the second one resumes the first one's session."""

    @scenario(f"tls-{name}", about, wires="wan")
    def row(lab):
        lab.wire(delay=ORIGIN_MS)
        lab.origin(maximum=maximum)
        squid = lab.squid()
        session = f"{lab.tmp}/session.pem"
        with lab.capture():
            for step in ("-sess_out", "-sess_in"):
                r = lab.openssl(*args, *HOST, step, session, proxy=squid, stdin=TWO_REQUESTS)
                lab.expect("401" in r.out, r)
        lab.expect([e.get("resumed") for e in lab.origins[0].events() if "status" in e] == [False, False, True, True], "not resumed")
        lab.from_logs()
        lab.judge("tunnel-401-origin", "tunnel-401-origin", without=["encrypted"] * 2)

    return row


resumed("12-resumed-ticket", "TLS 1.2, a session resumed by its ticket", ["-tls1_2"], "TLSv1_2")
resumed("12-resumed-id", "TLS 1.2, a session resumed by its id", ["-tls1_2", "-no_ticket"], "TLSv1_2")
resumed("13-resumed", "TLS 1.3, a session resumed with a pre-shared key", ["-tls1_3"], "TLSv1_3")


@scenario("tls-13-early-data", "TLS 1.3 with 0-RTT: the second connection's request comes with its ClientHello (nginx, ssl_early_data)")
def early_data(lab):
    lab.nginx(server_extra="ssl_early_data on;")
    squid = lab.squid()
    session, request = f"{lab.tmp}/session.pem", lab.write("request", TWO_REQUESTS)
    with lab.capture():
        lab.openssl("-tls1_3", *HOST, "-sess_out", session, proxy=squid, stdin=TWO_REQUESTS)
        r = lab.openssl("-tls1_3", *HOST, "-sess_in", session, "-early_data", request, proxy=squid, stdin="\r\n")
    lab.expect("401" in r.out, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", "tunnel-401-origin", without=["encrypted"] * 2)


@scenario("tls-12-renegotiation", "TLS 1.2, renegotiated by the client before its request (openssl s_server -WWW answers with a file)")
def renegotiation(lab):
    d = lab.mkdir("www")
    lab.write("www/page.txt", "A page.\n" * 20)
    crt, key = pki.leaf(lab.tmp, ["www.example.com"])
    proc = lab.procs.start(lab.net.origin, ["openssl", "s_server", "-accept", "443", "-cert", crt, "-key", key, "-WWW", "-tls1_2",
                                            "-client_renegotiation"], cwd=d)
    lab.procs.wait_listening(lab.net.origin, 443, proc)
    squid = lab.squid()
    lab.every_key = True  # the second handshake's ClientHello is encrypted
    with lab.capture():
        r = lab.openssl("-tls1_2", *HOST, proxy=squid, steps=[("R\n", 0.7), ("GET /page.txt HTTP/1.0\r\nHost: www.example.com\r\n\r\n", 1.0)])
    lab.expect("A page." in r.out, r)
    one_page(lab, "page.txt", "TLS 1.2")


@scenario("tls-13-key-update", "TLS 1.3 with KeyUpdate in both directions before the request")
def key_update(lab):
    lab.origin()
    squid = lab.squid()
    with lab.capture():
        r = lab.openssl("-tls1_3", *HOST, proxy=squid, steps=[("K\n", 0.5), ("k\n", 0.5), (TWO_REQUESTS, 1.0)])
    lab.expect("401" in r.out, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("tls-13-client-certificate", "TLS 1.3 with a client certificate: the origin asks for it in its handshake")
def client_certificate(lab):
    lab.origin(client_ca=pki.path(pki.ORIGIN_ROOT))
    squid = lab.squid()
    crt, key = pki.leaf(lab.tmp, ["client.example.com"], client=True)
    with lab.capture():
        r = lab.curl("https://www.example.com/", "https://www.example.com/members", proxy=squid, args=["--cert", crt, "--key", key])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("tls-12-client-certificate", "TLS 1.2 with a client certificate")
def client_certificate_12(lab):
    lab.origin(client_ca=pki.path(pki.ORIGIN_ROOT), maximum="TLSv1_2")
    squid = lab.squid()
    crt, key = pki.leaf(lab.tmp, ["client.example.com"], client=True)
    with lab.capture():
        r = lab.curl("https://www.example.com/", "https://www.example.com/members", proxy=squid, args=["--cert", crt, "--key", key])
    lab.expect(r.exit == 0, r)
    lab.from_logs()
    lab.judge("tunnel-401-origin", without=["encrypted"])


@scenario("tls-client-certificate-missing", "the origin wants a client certificate and gets none: alert certificate_required, after the client's Finished")
def certificate_missing(lab):
    lab.origin(client_ca=pki.path(pki.ORIGIN_ROOT))
    squid = lab.squid()
    with lab.capture():
        r = lab.curl("https://www.example.com/", proxy=squid)
    lab.expect(r.exit == 56, r)
    lab.add([connect(TARGET, 200)], tunnel(sni="www.example.com", version="TLS 1.3"),
            [exchange("GET", "https://www.example.com/", None)])  # sent behind the client's Finished, before the alert came
    lab.judge("tls-failed", without=["encrypted"])


@scenario("tls-13-certificate-later", "TLS 1.3: an Apache that asks for a client certificate behind the handshake, for its members only; curl has one that is not for clients, and then none", requires=["apache2"])
def certificate_later(lab):
    folder = lab.mkdir("site")
    crt, key = pki.leaf(folder, ["www.example.com"])
    modules = ["mpm_event", "ssl", "authz_core", "socache_shmcb", "dir"]
    lab.mkdir("site/html/members")
    lab.write("site/html/index.html", "for all\n")
    lab.write("site/html/members/index.html", "for members\n")
    conf = lab.write("site/httpd.conf", "\n".join([
        f"ServerRoot {folder}", f"PidFile {folder}/pid", f"DefaultRuntimeDir {folder}", f"ErrorLog {folder}/error.log", "ServerName www.example.com",
        "Listen 443", *(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in modules), "User www-data", "Group www-data",
        f"DocumentRoot {folder}/html", "<VirtualHost *:443>", "SSLEngine on", f"SSLCertificateFile {crt}", f"SSLCertificateKeyFile {key}",
        f"SSLCACertificateFile {pki.path(pki.ORIGIN_ROOT)}", "<Location /members>", "SSLVerifyClient require", "</Location>", "</VirtualHost>"]) + "\n")
    lab.sh("chmod", "-R", "a+rX", lab.tmp)
    site = lab.procs.start(lab.net.origin, ["apache2", "-X", "-f", conf])
    lab.procs.wait_listening(lab.net.origin, 443, site)
    squid = lab.squid()
    wrong_crt, wrong_key = pki.leaf(lab.tmp, ["client.example.com"])
    page, members = "https://www.example.com/", "https://www.example.com/members/"
    with lab.capture():
        first = lab.curl(page, members, proxy=squid, args=["--cert", wrong_crt, "--key", wrong_key])
        second = lab.curl(members, proxy=squid)
    lab.expect(first.exit == second.exit == 56, first)
    tls = {"sni": "www.example.com", "version": "TLS 1.3"}
    lab.add([connect(TARGET, 200)], tunnel(**tls), [exchange("GET", page, 200, "origin"), exchange("GET", members, None)])
    for _ in range(2):  # curl asks once more where a connection that it used before ends without an answer
        lab.add([connect(TARGET, 200)], tunnel(**tls), [exchange("GET", members, None)])
    lab.judge("ok", "tls-failed", "tls-failed", without=["encrypted"] * 3)
