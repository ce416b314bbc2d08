"""Processes inside network namespaces: started in a group of their own, awaited until they listen, always ended."""
import os
import signal
import subprocess
import time

READY_SECONDS = 20.0  # mitmproxy needs two seconds on a slow machine; Chromium more
STEP_SECONDS = 0.05


class Procs:
    """All processes of one scenario. `stop_all` ends them in reverse order of their start."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.running = []
        self.count = 0

    def environment(self, extra=None):
        """A clean environment: no proxy variables, a home of its own."""
        env = {
            "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": f"{self.tmp}/home",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        env.update(extra or {})
        return env

    def start(self, ns, argv, env=None, cwd=None, stdin=subprocess.DEVNULL, pass_fds=(), log=None):
        """Start argv inside namespace ns; output goes to a log file below tmp. Gives the Popen object (with .log)."""
        self.count += 1
        path = log or f"{self.tmp}/{self.count:02d}-{os.path.basename(argv[0])}.log"
        with open(path, "ab") as out:
            proc = subprocess.Popen(
                ["ip", "netns", "exec", ns, *argv], env=self.environment(env), cwd=cwd or self.tmp, stdin=stdin,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True, pass_fds=pass_fds)
        proc.log = path
        self.running.append(proc)
        return proc

    def run(self, ns, argv, env=None, cwd=None, timeout=60, stdin=None):
        """Run argv inside ns to its end. Gives CompletedProcess with text output; a timeout gives returncode 124."""
        try:
            return subprocess.run(
                ["ip", "netns", "exec", ns, *argv], env=self.environment(env), cwd=cwd or self.tmp, input=stdin,
                capture_output=True, text=True, timeout=timeout, errors="replace")
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(argv, 124, _text(late.stdout), _text(late.stderr))

    def stop(self, proc, sig=signal.SIGTERM, wait=5.0):
        """End one process group: politely, then not."""
        if proc in self.running:
            self.running.remove(proc)
        for attempt in (sig, signal.SIGKILL):
            try:
                os.killpg(proc.pid, attempt)
            except ProcessLookupError:
                pass
            try:
                proc.wait(timeout=wait)
                return
            except subprocess.TimeoutExpired:
                continue

    def stop_all(self):
        for proc in reversed(list(self.running)):
            self.stop(proc, wait=3.0)

    def wait_listening(self, ns, port, proc=None):
        """Wait until something in ns listens on TCP port; nothing is sent, so nothing shows in a capture."""
        self.wait_until(
            lambda: subprocess.run(["ip", "netns", "exec", ns, "ss", "-Htln", f"sport = :{port}"],
                                   capture_output=True, text=True).stdout.strip(),
            f"port {port} in {ns}", proc)

    @staticmethod
    def wait_until(condition, what, proc=None, seconds=READY_SECONDS):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            if proc is not None and proc.poll() is not None:
                raise RuntimeError(f"{what}: process ended early:\n" + tail(proc.log))
            time.sleep(STEP_SECONDS)
        raise RuntimeError(f"{what}: not there after {seconds} s" + (":\n" + tail(proc.log) if proc else ""))


def tail(path, lines=30):
    with open(path, errors="replace") as f:
        return "".join(f.readlines()[-lines:])


def _text(data):
    return data.decode(errors="replace") if isinstance(data, bytes) else (data or "")
