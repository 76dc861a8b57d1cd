"""Chromium without a window, driven over its DevTools protocol with nothing but the standard library."""

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find():
    """The browser, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


class Socket:
    """As much of RFC 6455 as the protocol needs."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        assert b" 101 " in status, status
        while self.file.readline().strip():
            pass

    def send(self, text):
        body = text.encode()
        size = len(body)
        head = b"\x81"
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += b"\xfe" + struct.pack("!H", size)
        else:
            head += b"\xff" + struct.pack("!Q", size)
        mask = os.urandom(4)
        wide = int.from_bytes(body, "little") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "little")
        self.socket.sendall(head + mask + wide.to_bytes(size, "little"))

    def receive(self):
        whole = b""
        while True:
            first, size = self.file.read(2)
            size &= 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self.file.read(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self.file.read(8))
            whole += self.file.read(size)
            if first & 0x0F == 8:
                raise ConnectionError("the browser closed the connection")
            if first & 0x80:
                return whole.decode()


class Browser:
    """One browser with one page; what the page said, asked for and broke is kept."""

    def __init__(self, program):
        self.home = tempfile.mkdtemp(prefix="mailtap-browser-")
        arguments = [
            program, "--headless", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={self.home}",
            "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage", "--window-size=1400,900",
        ]
        # Root has no sandbox of its own; what is opened here are reports of our own making.
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        self.process = subprocess.Popen(arguments + ["about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = 0
        self.log = []
        port = self.port()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=60) as answer:
            pages = [page for page in json.load(answer) if page["type"] == "page"]
        self.socket = Socket(port, pages[0]["webSocketDebuggerUrl"].split(str(port), 1)[1])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def port(self):
        path = os.path.join(self.home, "DevToolsActivePort")
        for _ in range(600):
            try:
                with open(path) as file:
                    return int(file.readline())
            except (OSError, ValueError):
                time.sleep(0.1)
        raise TimeoutError("the browser does not start")

    def call(self, method, **arguments):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": arguments}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.note(message)

    def note(self, message):
        method, about = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.log.append(("request", about["request"]["url"][:200]))
        elif method == "Runtime.exceptionThrown":
            found = about["exceptionDetails"]
            self.log.append(("exception", found.get("exception", {}).get("description", found["text"])[:400]))
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.log.append(("console", str(about["args"])[:400]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.log.append(("log", about["entry"]["text"][:400]))
        elif method == "Page.javascriptDialogOpening":
            self.log.append(("dialog", about["message"][:200]))
        elif method in ("Page.windowOpen", "Page.downloadWillBegin"):
            self.log.append((method, about.get("url", "")[:200]))

    def evaluate(self, expression, **how):
        """The value of an expression; promises are waited for."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, **how)
        if "exceptionDetails" in got:
            raise RuntimeError(str(got["exceptionDetails"].get("exception", {}).get("description", got))[:1000])
        return got["result"].get("value")

    def open(self, path, fragment=""):
        """Opens a file; the seconds until the report says that it is ready."""
        # A new page also where only the fragment differs.
        self.call("Page.navigate", url="about:blank")
        self.log.clear()
        before = time.monotonic()
        self.call("Page.navigate", url=f"file://{path}#{fragment}")
        self.wait("document.documentElement && document.documentElement.dataset.ready !== undefined")
        took = time.monotonic() - before
        self.settle()
        return took

    def wait(self, condition, seconds=60):
        until = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({condition})"):
            if time.monotonic() > until:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def settle(self):
        """Until what was asked for is drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))")

    def go(self, fragment):
        self.evaluate(f"location.hash = {json.dumps('#' + fragment)}")
        self.settle()

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.settle()

    def scheme(self, word, media=""):
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": word}])

    def key(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35, "Tab": 9, "PageDown": 34}
        about = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        if len(key) == 1:
            about["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        about.pop("text", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)
        self.settle()

    def write(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def paper(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])

    def close(self):
        try:
            self.call("Browser.close")
        except (OSError, ConnectionError, RuntimeError, ValueError, TypeError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
