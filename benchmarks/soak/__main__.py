"""Everything at once for some minutes: the gateway with nginx and a faulty upstream, verified byte by byte, while targets
die and return, the configuration changes every second, and the program is replaced.

Exits with 1 after a wrong byte, an unexpected error, or a leak of memory, descriptors, requests or connections.
"""

import argparse
import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compare")]

import gateway
from chaos import Chaos, adopt_orphans
from clients import Clients
from pattern import body
from processes import Server, free_port
from replicas import REPLICAS
from wire import WEBSOCKET, build_websocket, make_certificate

BODY = "x" * 1024
CLIENTS = 24
# Memory that allocators keep after a burst is not a leak. A leak grows with the very large number of requests.
GROWTH, SLACK = 1.10, 16 << 20


class Soak:
    def __init__(self, work, binary, seed):
        self.work, self.seed = work, seed
        self.ports = {name: free_port() for name in (
            "GATEWAY", "SECURE", "ADMIN", "NGINX", "ECHO", "FAULTY", "EXTRA", "NOBODY", *(f"REPLICA{index}" for index in range(REPLICAS)),
        )}  # fmt: skip
        self.faults, self.resident = [], []
        self.chaos = None
        self.servers = []
        # The nginx worker may run as another user.
        work.chmod(0o755)
        content = work / "content"
        content.mkdir()
        self.files = {"large.json": body(1, 32 << 10), "big.bin": random.Random(3).randbytes(8 << 20)}
        for name, data in self.files.items():
            (content / name).write_bytes(data)
        nginx = ["nginx", "-p", str(work), "-c", str(self.fill("nginx.conf"))]
        os.environ["PATH"] += ":/usr/sbin"
        self.start("NGINX", nginx)
        build_websocket()
        make_certificate(work)
        self.start("ECHO", [str(WEBSOCKET), "serve", str(self.ports["ECHO"])])
        self.start("FAULTY", [sys.executable, str(HERE / "faulty.py"), str(self.ports["FAULTY"])])
        self.gateway = self.start("GATEWAY", [binary, "run", "--config", str(self.fill("gateway.toml"))])

    def fill(self, name):
        text = (HERE / name).read_text().replace("@WORK@", str(self.work)).replace("@BODY@", BODY)
        for key, port in self.ports.items():
            text = text.replace(f"@{key}@", str(port))
        (self.work / name).write_text(text)
        return self.work / name

    def start(self, name, command):
        server = Server(name, command, sorted(os.sched_getaffinity(0)), self.work / f"{name}.log")
        self.servers.append(server)
        server.wait_until_listening(self.ports[name])
        return server.process.pid

    def stop(self):
        for server in reversed(self.servers):
            server.stop()

    def end_gateway(self):
        """Ends the gateway, which may be a successor of the process that was started, and returns its exit code."""
        os.kill(self.gateway, signal.SIGTERM)
        for _ in range(200):
            time.sleep(0.1)
            if self.gateway == self.servers[-1].process.pid:
                code = self.servers[-1].process.poll()
            else:
                waited, status = os.waitpid(self.gateway, os.WNOHANG)
                code = os.waitstatus_to_exitcode(status) if waited else None
            if code is not None:
                return code
        os.kill(self.gateway, signal.SIGKILL)
        return None

    def expect(self, holds, what):
        if not holds:
            self.faults.append(what)

    # Load

    async def wrk(self, path, seconds, rate_connections):
        """Load with verified responses: counts passed, limited, wrong and broken ones."""
        process = await asyncio.create_subprocess_exec(
            "wrk", "-t1", f"-c{rate_connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / "checked.lua"),
            f"http://127.0.0.1:{self.ports['GATEWAY']}{path}", "--", BODY, stdout=subprocess.PIPE,
        )  # fmt: skip
        output = (await process.communicate())[0].decode()
        line = next((line for line in output.splitlines() if line.startswith("SOAK")), None)
        if line is None:
            raise RuntimeError(f"wrk printed:\n{output}")
        return [int(number) for number in line.split()[1:]]

    async def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.resident.append(gateway.resident(self.gateway))
            await asyncio.sleep(1)

    async def load(self, seconds, hands_over=False):
        """All load at once. `hands_over`: the program is replaced twice, and a drain is taken back."""
        loop = asyncio.get_running_loop()
        clients = Clients(self.ports["GATEWAY"], self.files, self.seed, loop.time() + seconds)
        plain, limited, *_ = await asyncio.gather(
            self.wrk("/fixed/plain", int(seconds), 16),
            self.wrk("/fixed/limited", int(seconds), 4),
            clients.run(CLIENTS),
            self.watch(seconds),
            self.chaos.run(seconds, hands_over),
        )
        return clients, plain, limited

    # Verdict

    def check_answers(self, clients, plain, limited):
        for what, path in clients.wrong:
            self.faults.append(f"wrong response to {what}{self.logged(path)}")
        for name, (passed, refused, wrong, broken) in (("plain", plain), ("limited", limited)):
            self.expect(wrong == 0 and broken == 0, f"{name}: {wrong} wrong responses, {broken} broken connections")
            self.expect(passed > 0, f"{name}: nothing passed")
            self.expect((refused > 0) == (name == "limited"), f"{name}: {refused} responses with 429")

    def logged(self, path):
        """The gateway's log line of a request."""
        lines = (self.work / "access.log").read_text().splitlines()
        return "".join(f"\n    {line}" for line in lines if path and f'"{path}"' in line)

    def check_counts(self, clients, plain, limited):
        """The gateway's count must be between the complete responses and the requests sent."""
        samples = gateway.metrics(self.ports["ADMIN"])
        name = "gateway_http_requests_total"
        count = lambda route: gateway.total(samples, name, route=route) - gateway.total(self.counted, name, route=route)
        for route, (passed, refused, _, _), connections in (("plain", plain, 16), ("limited", limited, 4)):
            answered = passed + refused
            within = answered <= count(route) <= answered + connections
            self.expect(within, f"{route}: {answered} responses arrived, but {count(route)} are counted")
        for route, started in clients.started.items():
            # Some of the clients that left did so within the head.
            within = clients.completed[route] <= count(route) <= started
            self.expect(within, f"{route}: {clients.completed[route]} of {started} ended, {count(route)} are counted")
        for name, labels in (
            ("gateway_http_requests_in_flight", {}),
            ("gateway_client_connections", {}),
            ("gateway_upstream_connections", {"state": "active"}),
        ):
            left = gateway.total(samples, name, **labels)
            self.expect(left == 0, f"{name} is {left} after the load")
        errors = gateway.total(samples, "gateway_errors_total", code="internal_error")
        self.expect(errors == 0, f"{errors} internal errors")
        return gateway.total(samples, "gateway_http_requests_total") - gateway.total(self.counted, "gateway_http_requests_total")

    def check_memory(self):
        """Compares the third quarter with the last: by then all pools, buffers and tables have their final size."""
        quarter = len(self.resident) // 4
        before = statistics.median(self.resident[2 * quarter : 3 * quarter])
        after = statistics.median(self.resident[3 * quarter :])
        grown = after > before * GROWTH + SLACK
        self.expect(not grown, f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB")
        return before, after

    def settled_files(self):
        """The number of open descriptors after upstream connections have been idle for two seconds and are closed."""
        least = gateway.open_files(self.gateway)
        for _ in range(40):
            time.sleep(0.2)
            least = min(least, gateway.open_files(self.gateway))
        return least

    def check_files(self, before):
        after = self.settled_files()
        if after > before:
            kinds = Counter(os.readlink(link).split(":")[0] for link in Path(f"/proc/{self.gateway}/fd").iterdir())
            self.faults.append(f"{before} open files before, {after} after: {dict(kinds)}")
        return after


def run(soak, minutes):
    soak.chaos = Chaos(soak, soak.seed)
    # First with replacements of the program, whose metrics start over. The second part compares counts.
    clients, plain, limited = asyncio.run(soak.load(minutes * 60 * 0.4, hands_over=True))
    soak.check_answers(clients, plain, limited)
    files = soak.settled_files()
    soak.counted = gateway.metrics(soak.ports["ADMIN"])
    soak.resident.clear()
    seconds = minutes * 60 * 0.6
    clients, plain, limited = asyncio.run(soak.load(seconds))
    files_after = soak.check_files(files)
    before, after = soak.check_memory()
    soak.check_answers(clients, plain, limited)
    requests = soak.check_counts(clients, plain, limited)
    outcomes = ", ".join(f"{name}: {count}" for name, count in sorted(clients.outcomes.items(), key=str))
    print(f"{requests} requests in {seconds:.0f} s, {requests / seconds:.0f} per second; seed {soak.seed}")
    print(f"verified clients: {outcomes}")
    print(f"by wrk: {plain[0]} plain, {limited[0]} limited and {limited[1]} rejected")
    print(f"memory: {before / 1e6:.1f} MB in the third quarter, {after / 1e6:.1f} MB in the last; {files_after} files")
    soak.chaos.report()
    code = soak.end_gateway()
    soak.expect(code == 0, f"it ended with {code}")


def main():
    arguments = argparse.ArgumentParser(prog="make soak", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    arguments.add_argument("--binary", default=str(HERE.parents[1] / ".build" / "release" / "gateway"))
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="gateway-soak-") as work:
        soak = None
        adopt_orphans()
        try:
            soak = Soak(Path(work), options.binary, options.seed)
            run(soak, options.minutes)
        finally:
            if soak:
                if soak.chaos:
                    soak.chaos.replicas.stop()
                soak.stop()
    for fault in soak.faults:
        print(f"FAULT {fault}")
    print("no faults" if not soak.faults else f"{len(soak.faults)} faults; --seed {options.seed} repeats the run")
    return 1 if soak.faults else 0


if __name__ == "__main__":
    sys.exit(main())
