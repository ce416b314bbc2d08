#!/usr/bin/python3
"""Drives headless Chromium over its debugging pipe (no WebSocket, no port): opens URLs in turn and answers challenges.

Usage: browser.py JSON with urls, credentials ("user:password" or null), wait (seconds after each load), profile (directory), args,
answer ("Proxy" or "Server": whose challenges are answered), predict (true: with Chromium's speculative connections).
Prints a line of JSON for each navigation and each challenge.
"""
import json
import os
import select
import subprocess
import sys
import time

CONFIG = json.loads(sys.argv[1])
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps", "--ignore-certificate-errors",
         "--disable-client-side-phishing-detection", "--disable-domain-reliability", "--no-pings", "--metrics-recording-only",
         "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,NetworkTimeServiceQuerying,PreconnectToSearch",
         "--disable-dev-shm-usage", "--remote-debugging-pipe",
         "--proxy-bypass-list=*.google.com;*.googleapis.com"]  # its own errands: without a name server they send no packet
MAX_ANSWERS = 4  # a person stops typing the wrong password
LOAD_SECONDS = 15


class Browser:
    def __init__(self):
        if not CONFIG.get("predict"):  # no speculative connections beside those that a page needs
            os.makedirs(f"{CONFIG['profile']}/Default", exist_ok=True)
            with open(f"{CONFIG['profile']}/Default/Preferences", "w") as f:
                json.dump({"net": {"network_prediction_options": 2}}, f)
        to_browser, self.out = os.pipe()
        self.incoming, from_browser = os.pipe()
        # The pipe is fixed by Chromium: it reads descriptor 3 and writes descriptor 4.
        high_in, high_out = os.dup2(to_browser, 20), os.dup2(from_browser, 21)
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "$@" 3<&20 4>&21 20<&- 21>&-', "-", "chromium", *FLAGS, f"--user-data-dir={CONFIG['profile']}", *CONFIG["args"], "about:blank"],
            pass_fds=(high_in, high_out), stdout=subprocess.DEVNULL, stderr=sys.stderr)
        for fd in (to_browser, from_browser, high_in, high_out):
            os.close(fd)
        self.buffer, self.number, self.answers, self.events, self.given = b"", 0, {}, [], 0

    def send(self, method, params=None, session=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.number

    def call(self, method, params=None, session=None, seconds=20):
        number = self.send(method, params, session)
        end = time.monotonic() + seconds
        while number not in self.answers and time.monotonic() < end:
            self.pump(0.1)
        return self.answers.pop(number, {}).get("result", {})

    def pump(self, seconds):
        """Read what is there and answer what must be answered at once."""
        if not select.select([self.incoming], [], [], seconds)[0]:
            return
        self.buffer += os.read(self.incoming, 1 << 20)
        *messages, self.buffer = self.buffer.split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            elif message["method"] == "Fetch.requestPaused":
                self.send("Fetch.continueRequest", {"requestId": message["params"]["requestId"]}, message.get("sessionId"))
            elif message["method"] == "Fetch.authRequired":
                self.authenticate(message)
            else:
                self.events.append(message)

    def authenticate(self, message):
        asked = message["params"]["authChallenge"]
        credentials = CONFIG["credentials"]
        answer = {"response": "CancelAuth"}
        if credentials and asked.get("source") == CONFIG.get("answer", "Proxy") and self.given < MAX_ANSWERS:
            self.given += 1
            user, password = credentials.split(":", 1)
            answer = {"response": "ProvideCredentials", "username": user, "password": password}
        print(json.dumps({"asked": asked, "answer": answer["response"]}), flush=True)
        self.send("Fetch.continueWithAuth", {"requestId": message["params"]["requestId"], "authChallengeResponse": answer}, message.get("sessionId"))


def main():
    browser = Browser()
    target = browser.call("Target.createTarget", {"url": "about:blank"})["targetId"]
    session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    browser.call("Fetch.enable", {"handleAuthRequests": True}, session)
    browser.call("Page.enable", {}, session)
    for url in CONFIG["urls"]:
        browser.events.clear()
        result = browser.call("Page.navigate", {"url": url}, session, LOAD_SECONDS)
        end = time.monotonic() + (LOAD_SECONDS if not result.get("errorText") else 0)
        while time.monotonic() < end and not any(e["method"] == "Page.loadEventFired" for e in browser.events):
            browser.pump(0.1)
        print(json.dumps({"url": url, "error": result.get("errorText")}), flush=True)
        pause = time.monotonic() + CONFIG["wait"]
        while time.monotonic() < pause:
            browser.pump(0.1)
    browser.call("Browser.close", seconds=5)
    try:
        browser.process.wait(5)
    except subprocess.TimeoutExpired:
        browser.process.kill()


main()
