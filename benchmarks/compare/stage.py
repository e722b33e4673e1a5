"""Everything that runs during a comparison: the upstream, the proxies, and their working folder."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from peers import CONFIGURATIONS, NGINX, NGINX_ARGUMENTS, Unavailable, fill_in
from processes import Server, free_port
from scenarios import CACHED, LARGE, SMALL


def cores():
    """The cores of the proxy, and those of load generator and upstream."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise SystemExit("The comparison needs two cores: one for the proxy, one for load generator and upstream.")
    return available[:1], available[1:2]


def memory_folder():
    """A temporary folder in memory, where the system has one."""
    shared = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="gateway-compare-", dir=shared if shared.is_dir() else None)


class Stage(contextlib.ExitStack):
    """Starts servers, and stops them at the end. `upstream` is the HOST:PORT of an existing server; with `redis`, there is
    a Redis server, too."""

    def __init__(self, upstream="", workers=1, proxy_cores=None, speaks_http2=False, redis=False):
        super().__init__()
        own_cores, self.load_cores = cores()
        self.proxy_cores = proxy_cores or own_cores
        self.given = upstream
        self.workers = workers
        self.speaks_http2 = speaks_http2
        self.redis = redis
        self.redis_port = 0

    def __enter__(self):
        super().__enter__()
        try:
            self.work = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="gateway-compare-")))
            self.memory = Path(self.enter_context(memory_folder()))
            for folder in (self.work, self.memory):
                folder.chmod(0o755)  # nginx's workers drop root privileges, and need access
            self.upstream_port = None
            if not self.given:
                self.start_upstream()
            if self.redis:
                self.start_redis()
        except BaseException:
            self.close()
            raise
        return self

    def start_upstream(self):
        content = self.work / "content"
        content.mkdir()
        (content / "large.json").write_text(LARGE)
        (content / "cached-64k").write_text(CACHED)
        self.upstream_port = free_port()
        self.given = f"127.0.0.1:{self.upstream_port}"
        text = (CONFIGURATIONS / "upstream.conf").read_text()
        if self.speaks_http2:
            text = text.replace("listen @UPSTREAM@", "listen @UPSTREAM@ http2")
        nginx = [NGINX.executable(), *NGINX_ARGUMENTS]
        self.start("upstream", text, nginx, self.upstream_port, self.load_cores)

    def start_redis(self):
        """A server without persistence. It shares the core of the load generator, as the upstream does."""
        self.redis_port = free_port()
        path = shutil.which("redis-server")
        if path is None:
            raise Unavailable("redis-server is not installed: apt-get install redis-server")
        command = [path, "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.start("redis", "", command, self.redis_port, self.load_cores)

    def marks(self, port, limit=0):
        host, _, upstream_port = self.given.rpartition(":")
        return {
            "@WORK@": str(self.work),
            "@MEMORY@": f"{self.memory}/{port}",
            "@REDIS@": f"127.0.0.1:{self.redis_port}",
            "@UPSTREAM@": self.given,
            "@UPSTREAM_HOST@": host,
            "@UPSTREAM_PORT@": upstream_port,
            "@LISTEN@": f"127.0.0.1:{port}",
            "@LISTEN_PORT@": str(port),
            "@ADMIN_PORT@": str(free_port()),
            "@WORKERS@": str(self.workers),
            "@LIMIT@": str(limit),
            "@BURST@": str(max(limit // 10, 1)),
            "@BODY@": SMALL,
            "@CERTIFICATE@": str(self.work / "cert.pem"),
            "@KEY@": str(self.work / "key.pem"),
            "@PEM@": str(self.work / "both.pem"),
            "@JSON_BYTES@": str(len(LARGE)),
        }

    def start(self, name, text, command, port, on, limit=0, environment=(), extension="conf"):
        marks = self.marks(port, limit)
        config = self.work / f"{name}-{port}.{extension}"
        config.write_text(fill_in(text, marks))
        marks["@CONFIG@"] = str(config)
        server = Server(
            name,
            [fill_in(argument, marks) for argument in command],
            on,
            self.work / f"{name}-{port}.log",
            [(key, fill_in(value, marks)) for key, value in environment],
        )
        self.callback(server.stop)
        server.wait_until_listening(port)
        return server

    def start_peer(self, peer, text, limit=0):
        """Starts a proxy with that configuration. Returns it and its port."""
        port = free_port()
        command = [peer.executable(), *peer.arguments]
        return self.start(peer.name, text, command, port, self.proxy_cores, limit, peer.environment, peer.extension), port
