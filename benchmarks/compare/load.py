"""One run of a load generator."""

import json
import shlex
import subprocess
from dataclasses import dataclass, field

from peers import ROOT
from processes import pinned

SOURCES = ROOT / "benchmarks" / "load"
SUMMARY = SOURCES / "summary.lua"
STEADY = ROOT / ".build-bench" / "steady"


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: dict  # kind → count, without zeros
    p999_ms: float = 0.0
    max_ms: float = 0.0
    lag_ms: float = 0.0  # how late the generator itself was, 99th percentile
    statuses: dict = field(default_factory=dict)  # status → number of responses


def build_steady():
    """Compiles the open-loop generator if it is older than its sources."""
    sources = [SOURCES / "steady.c", SOURCES / "histogram.h", SOURCES / "response.h"]
    if STEADY.exists() and all(source.stat().st_mtime <= STEADY.stat().st_mtime for source in sources):
        return
    STEADY.parent.mkdir(exist_ok=True)
    command = ["cc", "-O2", "-Wall", "-Wextra", "-o", str(STEADY), str(sources[0])]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise RuntimeError("cc is not installed: apt-get install gcc libc6-dev") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{shlex.join(command)}:\n{error.stderr}") from None


def saturate(address, scenario, seconds, cores):
    """Runs wrk at saturation."""
    command = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds}s", "--latency", "-s", str(SUMMARY)]
    for name, value in scenario.request.items():
        command += ["-H", f"{name}: {value}"]
    return run([*command, f"http://{address}{scenario.path}"], seconds, cores)


def steady(address, scenario, rate, seconds, cores):
    """Sends requests at a constant rate, independent of responses. Rate 0: each follows the previous response."""
    command = [str(STEADY), "-c", str(scenario.connections), "-r", str(round(rate)), "-d", str(seconds)]
    for name, value in scenario.request.items():
        command += ["-H", f"{name}: {value}"]
    return run([*command, address, scenario.path], seconds, cores)


def run(command, seconds, cores):
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
    raise RuntimeError(f"{command[0]} printed no summary:\n{output}{complaint}")


def parse(summary):
    """wrk counts statuses above 399 as errors; the other generator counts each status."""
    kinds = ("connect_errors", "read_errors", "write_errors", "timeouts", "status_errors")
    return Load(
        requests=summary["requests"],
        seconds=summary["microseconds"] / 1e6,
        p50_ms=summary["p50_us"] / 1e3,
        p99_ms=summary["p99_us"] / 1e3,
        p999_ms=summary.get("p999_us", 0) / 1e3,
        max_ms=summary.get("max_us", 0) / 1e3,
        lag_ms=summary.get("lag_p99_us", 0) / 1e3,
        errors={kind: summary[kind] for kind in kinds if summary.get(kind)},
        statuses={int(status): count for status, count in summary.get("statuses", {}).items()},
    )
