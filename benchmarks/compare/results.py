"""Computes figures from runs."""

import json
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    median: float
    minimum: float
    maximum: float

    @staticmethod
    def of(values):
        values = list(values)
        return Spread(median(values), min(values), max(values))


@dataclass(frozen=True)
class Result:
    """The figures of one peer over all rounds."""

    name: str
    title: str
    version: str
    cpu_us: Spread
    user_us: Spread
    system_us: Spread
    requests_per_second: Spread
    p50_ms: Spread  # at the rate of Comparison
    p99_ms: Spread
    p999_ms: Spread
    upstream_connections: Spread
    memory: int  # bytes, after the last round
    body_bytes: int  # size of a response body on the wire
    lacking: dict  # policy → why the peer lacks it

    @staticmethod
    def of(subject):
        def spread(figure, runs=None):
            return Spread.of(getattr(run, figure) for run in runs or subject.runs)

        return Result(
            name=subject.peer.name,
            title=subject.peer.title,
            version=subject.peer.version(),
            cpu_us=spread("cpu_us"),
            user_us=spread("user_us"),
            system_us=spread("system_us"),
            requests_per_second=spread("requests_per_second"),
            p50_ms=spread("p50_ms", subject.steady),
            p99_ms=spread("p99_ms", subject.steady),
            p999_ms=spread("p999_ms", subject.steady),
            upstream_connections=spread("upstream_connections"),
            memory=subject.memory,
            body_bytes=subject.body_bytes,
            lacking=dict(subject.lacking),
        )


@dataclass(frozen=True)
class Comparison:
    scenario: object
    rounds: int
    duration: int
    rate: int  # requests per second at which latency was taken
    machine: dict
    results: list  # of Result, the gateway last

    def of(self, name):
        return next((result for result in self.results if result.name == name), None)

    @property
    def publishable(self):
        """Whether the comparison follows the method and includes all peers."""
        names = tuple(result.name for result in self.results)
        return self.scenario.readme and self.rounds >= 5 and self.duration >= 3 and names == self.scenario.peers


def to_json(comparison, subjects):
    """All runs with the figures, so that others can compute their own."""
    document = {
        "scenario": comparison.scenario.name,
        "title": comparison.scenario.title,
        "connections": comparison.scenario.connections,
        "rounds": comparison.rounds,
        "seconds_a_run": comparison.duration,
        "latency_requests_per_second": comparison.rate,
        "machine": comparison.machine,
        "results": [
            {
                **asdict(result),
                "runs": [asdict(run) for run in subjects[result.name].runs],
                "runs_at_the_rate": [asdict(run) for run in subjects[result.name].steady],
            }
            for result in comparison.results
        ],
    }
    return as_json(document)


def as_json(document):
    return json.dumps(rounded(document), indent=2, ensure_ascii=False) + "\n"


def rounded(value):
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
