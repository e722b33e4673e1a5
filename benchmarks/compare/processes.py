"""Starts servers on chosen cores, reads their resource usage from the kernel, and stops them."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class StartFailed(Exception):
    pass


@dataclass(frozen=True)
class CPUTime:
    """Seconds since the processes began."""

    user: float
    system: float

    def __sub__(self, other):
        return CPUTime(self.user - other.user, self.system - other.system)


def pinned(cores, command):
    """The command, restricted to those cores. It receives SIGTERM when this program ends for any reason."""
    leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    return [*leash, "taskset", "-c", ",".join(map(str, cores)), *command]


def stat(pid):
    """The fields of /proc/PID/stat from the third (state) on; None if the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the program's name in parentheses, and may contain spaces and parentheses.
    return text[text.rindex(")") + 2 :].split()


def family(root):
    """The process and all its descendants, such as nginx's workers."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat(entry)):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, []))
    return found


class Server:
    def __init__(self, name, command, cores, log, environment=()):
        self.name = name
        self.log = log
        # Variables such as GATEWAY_LISTEN would override the measured configuration file.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GATEWAY_")}
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                pinned(cores, command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**inherited, **dict(environment)},
                # Ctrl-C reaches only this program, which then stops the servers in order.
                start_new_session=True,
            )

    def wait_until_listening(self, port, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise StartFailed(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise StartFailed(f"{self.name} did not listen within {seconds} s:\n{self.output()}")

    def output(self):
        return Path(self.log).read_text(errors="replace")[-2000:].strip()

    def cpu_time(self):
        """User and system time of all its processes, including all threads and ended processes."""
        user = system = 0
        for pid in family(self.process.pid):
            if fields := stat(pid):
                user += int(fields[11]) + int(fields[13])
                system += int(fields[12]) + int(fields[14])
        return CPUTime(user / TICKS, system / TICKS)

    def memory(self):
        """Proportional set size in bytes: pages that its processes share are counted once."""
        total = 0
        for pid in family(self.process.pid):
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            for pid in family(self.process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
