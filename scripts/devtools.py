"""Pages in headless Chromium, driven through its debugging protocol over a pipe."""

import base64
import json
import os
import queue
import signal
import subprocess
import threading
import time


class Failure(Exception):
    """The browser refused a command, or a script on the page threw."""


class Browser:
    """A Chromium with a profile of its own."""

    def __init__(self, chromium, folder):
        command_read, command_write = os.pipe()
        answer_read, answer_write = os.pipe()

        def connect():  # Chromium reads from descriptor 3 and writes to 4.
            read, write = os.dup(command_read), os.dup(answer_write)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [
                chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                f"--user-data-dir={folder}/profile", "--remote-debugging-pipe", "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=connect, close_fds=False,
            start_new_session=True,
        )
        os.close(command_read)
        os.close(answer_write)
        self.write, self.read = command_write, answer_read
        self.answers, self.pages, self.number, self.lock = {}, {}, 0, threading.Lock()
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        rest = b""
        while data := os.read(self.read, 1 << 20):
            *messages, rest = (rest + data).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers.pop(message["id"]).put(message)
                elif page := self.pages.get(message.get("sessionId")):
                    page.events.append((message["method"], message["params"]))

    def send(self, method, session=None, limit=30, **parameters):
        with self.lock:
            self.number += 1
            number, answer = self.number, queue.Queue()
            self.answers[number] = answer
            message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
            os.write(self.write, json.dumps(message).encode() + b"\0")
        result = answer.get(timeout=limit)
        if "error" in result:
            raise Failure(f"{method}: {result['error']['message']}")
        return result["result"]

    def open(self, url, width=1440, height=900, scheme="light", motion="no-preference", scale=1):
        """Opens a page in a context of its own, and waits until it has loaded."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ["Page", "Runtime", "Network", "Log", "Audits", "Accessibility", "DOM"]:
            page.send(f"{domain}.enable")
        page.resize(width, height, scale)
        page.media(scheme, motion)
        page.send("Page.navigate", url=url)
        page.wait("document.readyState === 'complete' && location.href !== 'about:blank'")
        return page

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


KEYS = {
    "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), "Escape": ("Escape", 27, ""), "Space": ("Space", 32, " "),
    "ArrowRight": ("ArrowRight", 39, ""), "ArrowDown": ("ArrowDown", 40, ""),
}


class Page:
    """A page. `events` has everything that the enabled domains reported."""

    def __init__(self, browser, session, target):
        self.browser, self.session, self.target, self.events = browser, session, target, []

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def seen(self, method):
        return [parameters for name, parameters in list(self.events) if name == method]

    def eval(self, expression):
        """The JSON value of an expression, awaited."""
        result = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise Failure(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return result["result"].get("value")

    def wait(self, expression, limit=20):
        end = time.monotonic() + limit
        while True:
            try:
                if self.eval(f"Boolean({expression})"):
                    return
            except Failure as failure:
                if time.monotonic() > end:
                    raise TimeoutError(f"not true in {limit} s: {expression}") from failure
            if time.monotonic() > end:
                raise TimeoutError(f"not true in {limit} s: {expression}")
            time.sleep(0.05)

    def resize(self, width, height, scale=1):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)

    def media(self, scheme, motion="no-preference"):
        self.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}],
        )

    def key(self, name, shift=False):
        code, number, text = KEYS[name]
        key = " " if name == "Space" else name
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
        self.send("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        self.send("Input.insertText", text=text)

    def click(self, selector):
        """Clicks with the mouse at the middle of an element."""
        place = self.eval(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"]:
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left" if kind != "mouseMoved" else "none", clickCount=int(kind != "mouseMoved"))

    def picture(self, file, whole=True, height=None):
        size = self.send("Page.getLayoutMetrics")["cssLayoutViewport" if not whole else "cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size.get("width", size.get("clientWidth")), "height": height or size.get("height", size.get("clientHeight")), "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, clip=clip)
        with open(file, "wb") as output:
            output.write(base64.b64decode(shot["data"]))

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)
