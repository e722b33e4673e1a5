"""A gateway with its features in use, and clients that use them."""

import base64
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

KEY = "a-key-for-tests"
CONFIG = """
[server]
listen = ["http://127.0.0.1:{port}", "https://127.0.0.1:{tls}"]
workers = 2
trusted_proxies = ["127.0.0.2"]
proxy_protocol = true
[server.tls]
certificate = "cert.pem"
key = "key.pem"
[admin]
listen = "127.0.0.1:{admin}"
[log]
access = "off"
[events]
allow_private = true
retry = ["1s", "1s"]
evaluate = "1s"
sample = "1s"
[[events.webhooks]]
id = "ops"
url = "http://127.0.0.1:{upstream}/hook"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
[[alerts]]
name = "busy"
when = "request_rate{{route='users'}} > 0.1"
window = "10s"
[sentry]
dsn = "http://key@127.0.0.1:{upstream}/1"
{redis}
{tracing}
[[auth.api_key.keys]]
name = "acme"
sha256 = "{digest}"
[upstreams.api]
targets = ["http://127.0.0.1:{upstream}", "http://127.0.0.1:{other}"]
[upstreams.api.health]
path = "/health"
interval = "1s"
[upstreams.api.circuit_breaker]
failures = 1000
[upstreams.broken]
targets = ["http://127.0.0.1:{upstream}", "http://127.0.0.1:{closed}"]
failover = false
[upstreams.broken.circuit_breaker]
failures = 2
open_for = "1s"
max_open = "2s"
[upstreams.narrow]
targets = ["http://127.0.0.1:{upstream}"]
max_connections = 2
max_pending = 2
[[routes]]
name = "users"
path = "/users/*"
upstream = "api"
[routes.mirror]
upstream = "narrow"
[[routes]]
name = "flaky"
path = "/flaky/*"
upstream = "broken"
retry = {{ attempts = 2, on = ["connect", "503"], budget = 1.0 }}
[[routes]]
name = "cached"
path = "/cached/*"
upstream = "api"
[routes.cache]
{store}
max_size = "1MiB"
max_object = "64KiB"
warm = [{{ path = "/cached/warm", host = "127.0.0.1", every = "1s" }}]
[[routes]]
name = "limited"
path = "/limited"
upstream = "api"
rate_limit = {{ limit = "5/second" }}
[[routes]]
name = "secret"
path = "/secret"
upstream = "api"
auth = {{ any = ["api_key"], failures = "off" }}
[[routes]]
name = "slow"
path = "/slow"
upstream = "narrow"
[routes.timeout]
first_byte = "100ms"
[[routes]]
name = "full"
path = "/full"
upstream = "api"
concurrency = {{ max_in_flight = 1 }}
[[routes]]
name = "site"
path = "/site/*"
upstream = "api"
[routes.security_headers]
csp = {{ policy = "default-src 'self'", report_path = "/site/reports" }}
[[routes]]
name = "socket"
path = "/ws"
upstream = "demo"
upgrade = ["websocket"]
[upstreams.demo]
builtin = "demo"
"""


class Upstream(http.server.BaseHTTPRequestHandler):
    """The API, the receiver of webhooks, the service for reports and the collector of traces."""

    protocol_version = "HTTP/1.1"
    count = 0

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        Upstream.count += 1
        status, body, fields = 200, b'{"text": "' + b"gateway " * 200 + b'"}', {}
        if self.path.startswith("/flaky"):
            status = 503 if Upstream.count % 2 else 200
        elif self.path.startswith("/cached"):
            fields = {"Cache-Control": "max-age=1"}
        elif self.path.startswith("/users") and Upstream.count % 20 == 0:
            status = 500
        elif self.path.startswith("/hook"):
            status = 500 if Upstream.count % 3 == 0 else 204
        elif self.path in ("/slow", "/full"):
            time.sleep(0.2 if Upstream.count % 2 else 0.05)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in fields.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Requests that time out leave their connections."""

    request_queue_size = 128


class LoadedGateway:
    def __init__(self, binary, folder, port):
        self.binary = str(Path(binary).resolve())
        self.folder = Path(folder)
        self.port, self.tls, self.admin_port = port, port + 1, port + 2
        self.upstream_port, self.other_port, self.closed_port, self.redis_port = (port + n for n in range(3, 7))
        self.admin = f"127.0.0.1:{self.admin_port}"
        self.stack = contextlib.ExitStack()
        self.ends = threading.Event()

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.stack.close()

    @property
    def is_running(self):
        return self.process.poll() is None

    def _start(self):
        for port in (self.upstream_port, self.other_port):
            server = Server(("127.0.0.1", port), Upstream)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.stack.callback(server.shutdown)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
            + ["-days", "30", "-subj", "/CN=localhost"],
            cwd=self.folder, check=True, capture_output=True,
        )
        redis = ""
        if shutil.which("redis-server"):
            self._run(["redis-server", "--port", str(self.redis_port), "--save", "", "--bind", "127.0.0.1"], "redis.log")
            redis = f'[redis]\nurl = "redis://127.0.0.1:{self.redis_port}/0"\ntimeout = "1s"'
        listed = json.loads(subprocess.check_output([self.binary, "metrics", "--list", "--json"]))
        traced = any(metric["name"] == "gateway_trace_spans_total" for metric in listed)
        tracing = f'[tracing]\notlp = "http://127.0.0.1:{self.upstream_port}"\nsample = 1.0\ninterval = "1s"' if traced else ""
        config = CONFIG.format(
            port=self.port, tls=self.tls, admin=self.admin_port, upstream=self.upstream_port, other=self.other_port,
            closed=self.closed_port, redis=redis, tracing=tracing, digest=hashlib.sha256(KEY.encode()).hexdigest(),
            store='store = "redis"' if redis else "",
        )
        (self.folder / "gateway.toml").write_text(config)
        self.process = self._run([self.binary, "run", "--config", "gateway.toml"], "gateway.log")
        self._wait()
        for action in (
            self._requests, self._cache, self._flaky, self._slow, self._full, self._site, self._tls, self._socket, self._stream,
            self._proxied, self._flood, self._administration,
        ):
            threading.Thread(target=self._repeat, args=(action,), daemon=True).start()

    def _run(self, command, log):
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=(self.folder / log).open("w"), stderr=subprocess.STDOUT
        )
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)
        return process

    def _wait(self):
        for _ in range(200):
            try:
                self._get("/health/ready", port=self.admin_port)
                return
            except OSError:
                if not self.is_running:
                    break
                time.sleep(0.1)
        raise RuntimeError("the gateway did not start:\n" + (self.folder / "gateway.log").read_text())

    def _repeat(self, action):
        """Whatever fails is part of the load."""
        while not self.ends.is_set():
            try:
                action()
            except (OSError, http.client.HTTPException):
                pass
            self.ends.wait(0.05)

    # MARK: Clients

    def _get(self, path, method="GET", body=None, port=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def _requests(self):
        self._get("/users/1", Accept_Encoding="gzip")
        self._get("/users/1", Accept_Encoding="br")
        response, _ = self._get("/users/2")
        self._get("/users/2", If_None_Match=response.headers.get("ETag") or "*")
        self._get("/nothing")
        self._get("/limited")
        self._get("/secret", X_API_Key=KEY)
        self._get("/secret", X_API_Key="wrong")

    def _cache(self):
        for number in range(5):
            self._get(f"/cached/{number}")
        # Fills the cache, so that responses leave it.
        self._get(f"/cached/{time.time_ns()}")

    def _flaky(self):
        self._get("/flaky/1")

    def _slow(self):
        clients = [threading.Thread(target=self._ignore, args=("/slow",)) for _ in range(5)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _full(self):
        clients = [threading.Thread(target=self._ignore, args=("/full",)) for _ in range(3)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _ignore(self, path):
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._get(path)

    def _site(self):
        report = json.dumps({"csp-report": {"effective-directive": "img-src", "disposition": "enforce"}})
        self._get("/site/reports", "POST", report, Content_Type="application/csp-report")
        self.ends.wait(0.5)

    def _tls(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=10, context=context)
        connection.request("GET", "/users/1")
        connection.getresponse().read()
        connection.close()
        with socket.create_connection(("127.0.0.1", self.tls), 5) as broken:
            broken.sendall(b"this is no handshake\r\n\r\n")
            broken.recv(100)
        self.ends.wait(0.5)

    def _socket(self):
        key = base64.b64encode(os.urandom(16)).decode()
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(
                f"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            client.recv(4096)
            for _ in range(10):
                # A text frame with an empty mask.
                client.sendall(b"\x81\x82\0\0\0\0hi")
                client.recv(4096)
                self.ends.wait(0.2)

    def _stream(self):
        with socket.create_connection(("127.0.0.1", self.admin_port), 10) as client:
            client.sendall(b"GET /events?topics=global,metrics.system HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not self.ends.is_set() and client.recv(65536):
                pass

    def _proxied(self):
        with socket.create_connection(("127.0.0.1", self.port), 10, source_address=("127.0.0.2", 0)) as client:
            client.sendall(b"PROXY TCP4 10.1.1.1 10.2.2.2 1 2\r\nGET /users/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            while client.recv(65536):
                pass
        self.ends.wait(0.5)

    def _flood(self):
        """Too many SETTINGS frames."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" * 20_000)
            while client.recv(65536):
                pass
        self.ends.wait(2)

    def _administration(self):
        """Reloads, of which every second one is refused, and purges."""
        file = self.folder / "gateway.toml"
        text = file.read_text()
        try:
            file.write_text("nonsense = 1\n")
            self._get("/config/reload", "POST", port=self.admin_port)
        finally:
            file.write_text(text)
        self._get("/config/reload", "POST", port=self.admin_port)
        self._get("/cache/purge", "POST", '{"route": "cached"}', port=self.admin_port)
        self.ends.wait(2)
