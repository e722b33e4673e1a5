"""A Debian system of its own for scripts/package-test, and a stand-in for the service manager in it."""

import ctypes
import fcntl
import http.client
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASE = "adduser,init-system-helpers,logrotate,procps,ca-certificates"


def alone():
    """Continues in new namespaces for mounts and the network, so that nothing here is seen outside."""
    if os.geteuid() != 0:
        sys.exit("package-test needs root")
    if os.environ.get("PACKAGE_TEST") != "alone":
        os.environ["PACKAGE_TEST"] = "alone"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])


def without_network():
    """Leaves the network of the machine for an empty one with a loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1))  # SIOCSIFFLAGS, IFF_UP


def fetch(path, port=8080):
    """The status of a request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def waits_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.05)
    return False


class Machine:
    """A Debian system below an overlay. The package's dependencies are installed in it, and nothing else of it."""

    def __init__(self, base, package):
        self.base = base
        depends = subprocess.check_output(["dpkg-deb", "-f", package, "Depends"], text=True)
        self.depends = re.findall(r"(?:^|, )([a-z0-9.+-]+)", depends)

    def __enter__(self):
        if not (self.base / "etc/debian_version").exists():
            subprocess.run(["debootstrap", "--variant=minbase", f"--include={BASE}", "bookworm", self.base], check=True, stdout=subprocess.DEVNULL)
        self.folder = tempfile.mkdtemp()
        shutil.copy("/etc/resolv.conf", self.base / "etc/resolv.conf")
        subprocess.run(["chroot", self.base, "apt-get", "install", "-y", "-q", "--no-install-recommends", *self.depends], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        without_network()
        self.mount("-t", "tmpfs", "tmpfs", self.folder)
        for name in ("upper", "work", "root"):
            os.mkdir(f"{self.folder}/{name}")
        self.root = Path(self.folder) / "root"
        self.mount("-t", "overlay", "overlay", "-o", f"lowerdir={self.base},upperdir={self.folder}/upper,workdir={self.folder}/work", self.root)
        self.mount("-t", "proc", "proc", self.root / "proc")
        self.mount("--bind", "/dev", self.root / "dev")
        self.mount("-t", "tmpfs", "tmpfs", self.root / "run")
        (self.root / "run/systemd/system").mkdir(parents=True)
        self.state = self.root / "run/service"
        self.state.mkdir()
        shutil.copy(HERE / "systemctl", self.root / "usr/bin/systemctl")
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(str(self.root / "run/systemd/notify"))
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.is_running():
            os.kill(self.main, signal.SIGKILL)
        subprocess.run(["umount", "-l", self.root], check=False)
        subprocess.run(["umount", "-l", self.folder], check=False)

    def mount(self, *arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True)

    def listen(self):
        """Reads what the program reports, as systemd does."""
        while True:
            for line in self.notifications.recv(4096).decode().splitlines():
                if line == "READY=1":
                    (self.state / "ready").touch()
                elif line.startswith("MAINPID="):
                    (self.state / "main").write_text(line.removeprefix("MAINPID=") + "\n")

    def file(self, path):
        """The name of a file in the system, to which it is copied."""
        shutil.copy(path, self.root / "tmp")
        return f"/tmp/{Path(path).name}"

    def run(self, *command):
        result = subprocess.run(
            ["chroot", self.root, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        )
        return result.returncode, result.stdout

    def systemctl(self, *arguments):
        return self.run("systemctl", *arguments)

    @property
    def main(self):
        return int((self.state / "main").read_text())

    def is_running(self):
        return (self.state / "main").exists() and Path(f"/proc/{self.main}").exists()

    def user(self):
        return self.run("ps", "-o", "user=", "-p", str(self.main))[1].strip()

    def log(self):
        return (self.state / "log").read_text()[-2000:] if (self.state / "log").exists() else ""

    def calls(self):
        return (self.state / "calls").read_text().splitlines()

    def answers(self, path, status=200):
        waits_for(lambda: fetch(path) == status)
        try:
            return fetch(path)
        except OSError as error:
            return repr(error)

    def grows(self, log):
        def grew():
            fetch("/")
            return log.exists() and log.stat().st_size > 0

        return waits_for(grew)


def system_calls(unit):
    """The system calls that the unit allows."""
    sets = {}
    for line in subprocess.check_output(["systemd-analyze", "syscall-filter"], stderr=subprocess.DEVNULL, text=True).splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), set())
        elif line.startswith("    ") and not line.strip().startswith("#"):
            current.add(line.strip())

    def expanded(name):
        return set().union(*(expanded(one) for one in sets[name])) if name in sets else {name}

    allowed = set()
    for value in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(), flags=re.M):
        named = set().union(*(expanded(name) for name in value.lstrip("~").split()))
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


LAUNCHER = """
import os, seccomp, sys
filter = seccomp.SyscallFilter(defaction=seccomp.ERRNO(1))
for name in sys.argv[1].split():
    try:
        filter.add_rule(seccomp.ALLOW, name)
    except (RuntimeError, OSError):
        pass
filter.load()
os.execv(sys.argv[2], sys.argv[2:])
"""


def restricted(check, program, unit, folder):
    """Runs the program as the unit would: its system calls only, read-only file systems, no capabilities, no devices."""
    port, admin = 24180, 24181
    state = folder / "state"
    state.mkdir()
    os.chmod(folder, 0o755)
    os.chown(state, 65534, 65534)
    (state / "gateway.toml").write_text(
        f'[server]\nlisten = ["127.0.0.1:{port}"]\n[admin]\nlisten = "127.0.0.1:{admin}"\n[log]\naccess = "{state}/access.log"\n'
        '[upstreams.demo]\nbuiltin = "demo"\n[[routes]]\npath = "/*"\nupstream = "demo"\n'
    )
    command = [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
        "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/home", "--bind", str(state), str(state), "--die-with-parent",
        "/usr/bin/python3", "-c", LAUNCHER, " ".join(sorted(system_calls(unit))), str(program), "run", "--config", str(state / "gateway.toml"),
    ]
    with (folder / "restricted.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        answered = waits_for(lambda: fetch("/", port) == 200, 10)
        metrics = answered and fetch("/metrics", admin) == 200
        # It ends bwrap, and with it the program.
        process.terminate()
        process.wait()
        log.seek(0)
        text = log.read()
    check("it runs with the system calls and file systems of the unit", answered and metrics, text[-1500:])
