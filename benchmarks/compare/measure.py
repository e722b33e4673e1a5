"""The measurement: starts all servers, verifies every peer, then runs interleaved rounds."""

import time
from dataclasses import dataclass, field

import load
import probes
import verify
from processes import Server
from stage import Stage

WARM_UP_SECONDS = 1
TRIES = 3  # attempts per run if it has errors
MOST_LAG_MS = 5  # the generator's own delay, above which the latency would be wrong


@dataclass(frozen=True)
class Run:
    """One run of a peer under load."""

    requests: int
    requests_per_second: float
    user_us: float  # CPU time per request, microseconds
    system_us: float
    p50_ms: float
    p99_ms: float
    upstream_connections: int  # opened during the run
    p999_ms: float = 0.0
    max_ms: float = 0.0
    lag_ms: float = 0.0
    statuses: dict = field(default_factory=dict)

    @property
    def cpu_us(self):
        return self.user_us + self.system_us


@dataclass
class Subject:
    peer: object
    port: int
    server: Server
    runs: list = field(default_factory=list)  # at saturation, or at the scenario's rate
    steady: list = field(default_factory=list)  # at a rate that all peers can serve
    memory: int = 0
    body_bytes: int = 0  # size of the response body on the wire
    lacking: dict = field(default_factory=dict)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"


def expected_seconds(scenario, count, rounds, duration, latency=True):
    passes = 1 if scenario.rate or not latency else 2  # at saturation, and at a rate
    return 3 + count * (WARM_UP_SECONDS + 1.5) + passes * rounds * count * (duration + 0.3)


def turned(subjects, places):
    """Rotates the order: otherwise the same peer would always run after the one that heats the core most."""
    places %= len(subjects)
    return subjects[places:] + subjects[:places]


def measure(scenario, peers, rounds, duration, say, upstream="", latency=True):
    """Runs each peer `rounds` times for `duration` seconds. Returns name → Subject, and the rate at which
    latency was taken."""
    load.build_steady()
    with Stage(upstream, redis=scenario.redis) as stage:
        subjects = {}
        for peer in peers:
            text = peer.configuration(scenario)
            server, port = stage.start_peer(peer, text, scenario.limit)
            subject = Subject(peer, port, server)
            subject.body_bytes = verify.check(peer.title, port, scenario)
            subject.lacking = probes.run(stage, peer, port, scenario, text)
            subjects[peer.name] = subject
            load.steady(subject.address, scenario, scenario.rate, WARM_UP_SECONDS, stage.load_cores)
        say(f"{'All ' if len(subjects) > 1 else ''}{len(subjects)} give the expected response. Warmed up.")

        rate = scenario.rate
        for number in range(1, rounds + 1):
            for subject in turned(list(subjects.values()), number - 1):
                run = faultless_run(stage, subject, scenario, rate, duration, say)
                subject.runs.append(run)
                say(
                    f"round {number}/{rounds}  {subject.peer.title:20}  {run.cpu_us:7.2f} µs CPU per request "
                    f"({run.user_us:6.2f} user)  {run.requests_per_second:8,.0f} requests/s"
                )
        if latency and not rate:
            rate = latency_rate(subjects.values())
            say(f"Latency at {rate:,} requests/s, half the capacity of the slowest:")
            for number in range(1, rounds + 1):
                for subject in turned(list(subjects.values()), number - 1):
                    run = faultless_run(stage, subject, scenario, rate, duration, say)
                    subject.steady.append(run)
                    say(
                        f"round {number}/{rounds}  {subject.peer.title:20}  p50 {run.p50_ms:.2f} ms  "
                        f"p99 {run.p99_ms:.2f} ms  p99.9 {run.p999_ms:.2f} ms"
                    )
        for subject in subjects.values():
            subject.memory = subject.server.memory()
            subject.steady = subject.steady or subject.runs
        return subjects, rate


def latency_rate(subjects):
    """Half the capacity of the slowest, rounded."""
    slowest = min(min(run.requests_per_second for run in subject.runs) for subject in subjects)
    half = slowest / 2
    step = 100 if half >= 1000 else 10
    return max(int(half // step * step), 1)


def faultless_run(stage, subject, scenario, rate, duration, say):
    """Repeats a run with errors. A run that keeps failing ends the comparison."""
    for _ in range(TRIES):
        time.sleep(0.2)  # requests of the previous run that are still in flight
        counts = stage.upstream_port is not None
        connections = verify.upstream_connections(stage.upstream_port) if counts else 0
        before = subject.server.cpu_time()
        if rate:
            result = load.steady(subject.address, scenario, rate, duration, stage.load_cores)
        else:
            result = load.saturate(subject.address, scenario, duration, stage.load_cores)
        spent = subject.server.cpu_time() - before
        # Reading the counter opens a connection, too.
        opened = verify.upstream_connections(stage.upstream_port) - connections - 1 if counts else 0
        fault = result.errors or (not result.requests and "no request was answered")
        if not fault and rate:
            fault = verify.wrong_statuses(result.statuses, scenario)
            if result.lag_ms > MOST_LAG_MS:
                fault = f"the load generator was {result.lag_ms:.1f} ms late"
        if not fault:
            return Run(
                requests=result.requests,
                requests_per_second=result.requests / result.seconds,
                user_us=spent.user / result.requests * 1e6,
                system_us=spent.system / result.requests * 1e6,
                p50_ms=result.p50_ms,
                p99_ms=result.p99_ms,
                p999_ms=result.p999_ms,
                max_ms=result.max_ms,
                lag_ms=result.lag_ms,
                upstream_connections=opened,
                statuses=result.statuses,
            )
        say(f"{subject.peer.title}: {fault}; repeating the run")
    raise verify.Different(f"{subject.peer.title} failed {TRIES} runs:\n{subject.server.output()}")
