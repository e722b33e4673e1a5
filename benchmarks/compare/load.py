"""One run of the load generator."""

import json
import subprocess
from dataclasses import dataclass

from peers import ROOT
from processes import pinned

SUMMARY = ROOT / "benchmarks" / "load" / "summary.lua"


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: dict  # kind → count, only kinds that happened


def run(url, connections, seconds, cores):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(SUMMARY), url]
    process = subprocess.Popen(
        pinned(cores, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        output, complaint = process.communicate(timeout=seconds + 30)
    except BaseException:
        process.kill()
        process.wait()
        raise
    for line in output.splitlines():
        if line.startswith("SUMMARY "):
            return parse(json.loads(line.removeprefix("SUMMARY ")))
    raise RuntimeError(f"wrk gave no summary:\n{output}{complaint}")


def parse(summary):
    kinds = ("connect_errors", "read_errors", "write_errors", "timeouts", "status_errors")
    return Load(
        requests=summary["requests"],
        seconds=summary["microseconds"] / 1e6,
        p50_ms=summary["p50_us"] / 1e3,
        p99_ms=summary["p99_us"] / 1e3,
        errors={kind: summary[kind] for kind in kinds if summary[kind]},
    )
