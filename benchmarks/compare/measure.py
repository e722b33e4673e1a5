"""The measurement itself: all servers up, every peer verified, then interleaved rounds."""

import contextlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import load
import verify
from peers import CONFIGURATIONS, NGINX, NGINX_ARGUMENTS, PEERS, fill_in
from processes import Server, free_port

WARM_UP_SECONDS = 1
TRIES = 3  # of one run, when it had errors


@dataclass(frozen=True)
class Run:
    """One peer under load once."""

    requests: int
    requests_per_second: float
    user_us: float  # CPU time a request, microseconds
    system_us: float
    p50_ms: float
    p99_ms: float
    upstream_connections: int  # opened during the run

    @property
    def cpu_us(self):
        return self.user_us + self.system_us


@dataclass
class Subject:
    peer: object
    port: int
    server: Server
    runs: list
    memory: int = 0


def cores():
    """The proxy's core, and those for load generator and upstream."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise SystemExit("The comparison needs two cores: one for the proxy, one for load generator and upstream.")
    return available[:1], available[1:2]


def expected_seconds(count, rounds, duration):
    return 2 + count * (WARM_UP_SECONDS + 0.5) + rounds * count * (duration + 0.3)


def measure(scenario, names, rounds, duration, say):
    """Runs each of the named peers `rounds` times for `duration` seconds; returns name → Subject."""
    proxy_cores, load_cores = cores()
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-compare-")))
        work.chmod(0o755)  # nginx' workers give up root, and have to get in
        upstream_port = free_port()
        values = {
            "@WORK@": str(work),
            "@UPSTREAM@": f"127.0.0.1:{upstream_port}",
            "@BODY@": scenario.body,
            "@BYTES@": str(len(scenario.body)),
        }

        def start(name, template, command, port, on):
            config = work / template.name
            config.write_text(fill_in(template.read_text(), {**values, "@LISTEN@": f"127.0.0.1:{port}"}))
            server = Server(name, command(config), on, work / f"{name}.log")
            stack.callback(server.stop)
            server.wait_until_listening(port)
            return server

        def upstream(config):
            fill = {"@CONFIG@": str(config), "@WORK@": str(work)}
            return [NGINX.executable(), *(fill_in(argument, fill) for argument in NGINX_ARGUMENTS)]

        start("upstream", CONFIGURATIONS / "upstream.conf", upstream, upstream_port, load_cores)
        subjects = {}
        for name in names:
            peer, port = PEERS[name], free_port()
            server = start(name, peer.template(scenario), lambda c: peer.command(c, work), port, proxy_cores)
            verify.check(peer.title, port, scenario)
            subjects[name] = Subject(peer, port, server, [])
            load.run(f"http://127.0.0.1:{port}{scenario.path}", scenario.connections, WARM_UP_SECONDS, load_cores)
        say(f"All {len(subjects)} give the same answer. Warmed up.")

        for number in range(1, rounds + 1):
            for subject in subjects.values():
                run = faultless_run(subject, scenario, duration, upstream_port, load_cores, say)
                subject.runs.append(run)
                say(
                    f"round {number}/{rounds}  {subject.peer.title:8}  {run.cpu_us:6.2f} µs CPU a request "
                    f"({run.user_us:5.2f} user)  {run.requests_per_second:8,.0f} requests/s"
                )
        for subject in subjects.values():
            subject.memory = subject.server.memory()
        return subjects


def faultless_run(subject, scenario, duration, upstream_port, load_cores, say):
    """A run with errors is void and made again; one that keeps failing ends the comparison."""
    url = f"http://127.0.0.1:{subject.port}{scenario.path}"
    for _ in range(TRIES):
        time.sleep(0.2)  # what the run before left in flight
        connections = verify.upstream_connections(upstream_port)
        before = subject.server.cpu_time()
        result = load.run(url, scenario.connections, duration, load_cores)
        spent = subject.server.cpu_time() - before
        # The second look at the counter is itself a connection.
        opened = verify.upstream_connections(upstream_port) - connections - 1
        if not result.errors and result.requests:
            return Run(
                requests=result.requests,
                requests_per_second=result.requests / result.seconds,
                user_us=spent.user / result.requests * 1e6,
                system_us=spent.system / result.requests * 1e6,
                p50_ms=result.p50_ms,
                p99_ms=result.p99_ms,
                upstream_connections=opened,
            )
        say(f"{subject.peer.title}: void, {result.errors or 'no request was answered'}; again")
    raise verify.Different(f"{subject.peer.title} failed {TRIES} runs:\n{subject.server.output()}")
