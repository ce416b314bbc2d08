"""The clients: each started in the client namespace with a key log, without any proxy variable but those it is given."""
import json
import os

from . import pki

CURL, WGET, GIT, CHROMIUM = "curl 7.88.1", "wget 1.21.3", "git 2.39.5", "Chromium"


class Result:
    """How a client ended: exit code, text; for curl also its own account of each transfer (`-w %{json}`)."""

    def __init__(self, done, transfers=()):
        self.exit, self.out, self.err, self.transfers = done.returncode, done.stdout, done.stderr, list(transfers)

    def __repr__(self):
        return f"exit {self.exit} transfers {[(t['http_connect'], t['http_code'], t['local_port']) for t in self.transfers]} {self.err.strip()[-300:]}"


class Clients:
    """Mixed into Lab: needs procs, net, tmp, keylog(), trust."""

    def curl(self, *urls, proxy=None, user=None, args=(), timeout=25, ns=None, env=None):
        """One curl with all urls (it reuses connections). user: proxy credentials. args: further options."""
        argv = ["curl", "-sS", "--max-time", str(timeout - 5), "--cacert", self.trust, "-w", "%{json}\n", "--noproxy", ""]
        if proxy is not None:
            argv += ["-x", proxy if isinstance(proxy, str) else proxy.url, "--proxy-cacert", pki.path(pki.GATEWAY_CA)]
        if user:
            argv += ["-U", user]
        argv += [str(a) for a in args]
        for url in urls:
            argv += ["-o", "/dev/null", url]
        done = self.procs.run(ns or self.net.client, argv, env={"SSLKEYLOGFILE": self.keylog("client"), **(env or {})}, timeout=timeout)
        transfers, rest, decoder = [], done.stdout.strip(), json.JSONDecoder()
        while rest.startswith("{"):
            value, end = decoder.raw_decode(rest)
            transfers.append(value)
            rest = rest[end:].lstrip()
        return self.ran("curl " + CURL.split()[1], Result(done, transfers))

    def wget(self, *urls, proxy, user=None, args=(), timeout=25):
        argv = ["wget", "-q", "-O", "/dev/null", "--tries=1", "--timeout=8", f"--ca-certificate={self.trust}", *args]
        if user:
            argv += [f"--proxy-user={user.split(':')[0]}", f"--proxy-password={user.split(':')[1]}"]
        env = {"https_proxy": proxy.url, "http_proxy": proxy.url, "SSLKEYLOGFILE": self.keylog("client")}
        return self.ran(WGET, Result(self.procs.run(self.net.client, [*argv, *urls], env=env, timeout=timeout)))

    def python(self, code, proxy=None, timeout=30, args=()):
        """Python's own http.client and urllib. The code finds PROXY (host:port), TRUST (file) and sys.argv."""
        place = f"{proxy.ip}:{proxy.port}" if proxy else ""
        head = f"import sys, ssl, socket, time\nPROXY = {place!r}\nTRUST = {self.trust!r}\n"
        env = {"SSLKEYLOGFILE": self.keylog("client"), "HOSTS": ""}
        done = self.procs.run(self.net.client, ["/usr/bin/python3", "-c", head + code, *args], env=env, timeout=timeout)
        return self.ran("Python 3.11.2", Result(done))

    def git(self, *args, proxy, timeout=40, user=None):
        url = proxy.url.replace("http://", f"http://{user}@") if user else proxy.url
        env = {"SSLKEYLOGFILE": self.keylog("client"), "GIT_TERMINAL_PROMPT": "0", "GIT_SSL_CAINFO": self.trust}
        return self.ran(GIT, Result(self.procs.run(self.net.client, ["git", "-c", f"http.proxy={url}", "-c", "http.proxyAuthMethod=anyauth", *args],
                                                  env=env, timeout=timeout)))

    def openssl(self, *args, proxy, stdin="", steps=None, timeout=15, env=None):
        """openssl s_client. stdin is sent at once; or steps: (text, seconds to wait after it), in which R, K and k are its commands."""
        argv = ["openssl", "s_client", "-keylogfile", self.keylog("client"), "-CAfile", self.trust, *([] if steps else ["-quiet"]), *args,
                "-proxy", f"{proxy.ip}:{proxy.port}"]
        feed = []
        for number, (text, seconds) in enumerate(steps or [(stdin, 1.0)]):
            path = f"{self.tmp}/stdin-{number}"
            with open(path, "w", newline="") as f:
                f.write(text)
            feed.append(f"cat {path}; sleep {seconds}")
        shell = f"(sleep 0.3; {'; '.join(feed)}) | " + " ".join(_quote(a) for a in argv)
        return self.ran("openssl s_client 3.0", Result(self.procs.run(self.net.client, ["sh", "-c", shell], env=env, timeout=timeout)))

    def chromium(self, *urls, proxy, credentials=None, timeout=60, args=(), wait=1.5, **more):
        """Headless Chromium driven over its debugging pipe (lab/tools/browser.py): opens each URL in turn, answers challenges with credentials."""
        done = self.procs.run(self.net.client, ["/usr/bin/python3", f"{os.path.dirname(os.path.abspath(__file__))}/tools/browser.py", json.dumps({
            "urls": urls, "credentials": credentials, "wait": wait, "profile": self.mkdir(f"chromium{self.procs.count}"),
            "args": [f"--proxy-server={proxy.url}", f"--ssl-key-log-file={self.keylog('client')}", *args], **more})], timeout=timeout)
        return self.ran(CHROMIUM, Result(done))

    def client_program(self, argv, name, env=None, timeout=30, stdin=None, cwd=None):
        """Any other program."""
        return self.ran(name, Result(self.procs.run(self.net.client, argv, env={"SSLKEYLOGFILE": self.keylog("client"), **(env or {})},
                                                    timeout=timeout, stdin=stdin, cwd=cwd)))


def _quote(text):
    return "'" + str(text).replace("'", "'\\''") + "'"
