"""Runs programs under callgrind."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from callgrind import Profile
from ceilings import Cost

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = 1000


class Failed(Exception):
    pass


def run(command, **options):
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if result.returncode:
        raise Failed(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def benchmarks(binary):
    """The name and number of iterations of each benchmark."""
    return [(name, int(count)) for name, count in (line.split() for line in run([binary]).splitlines())]


def micro(binary, name, iterations):
    def profile(count):
        with tempfile.NamedTemporaryFile() as file:
            run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={file.name}", binary, name, str(count)])
            return Profile(file.name)

    return Cost.between(profile(iterations), profile(2 * iterations), iterations)


def whole(gateway, scenario):
    """A request through the gateway, over loopback."""
    with tempfile.NamedTemporaryFile() as file:
        environment = dict(os.environ, GATEWAY_BINARY=str(gateway), SCENARIO=scenario, PROFILE=file.name)
        run(["benchmarks/profile.sh", str(REQUESTS)], env=environment)
        profile = Profile(file.name)
    return Cost(round(profile.instructions / REQUESTS), round(profile.allocations / REQUESTS, 2))


def all_costs(binaries, scenarios, say):
    """Returns the costs by name, in a fixed order."""
    gateway = binaries / "gateway"
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        # valgrind rejects files with some of Swift's debug sections.
        program = Path(folder) / "GatewayBenchmarks"
        run(["strip", "--strip-debug", "-o", program, binaries / program.name])
        # The gateway first, because it takes longest.
        pending = {f"request.{scenario}": pool.submit(whole, gateway, scenario) for scenario in scenarios}
        pending |= {name: pool.submit(micro, program, name, count) for name, count in benchmarks(program)}
        costs = {}
        for name, future in pending.items():
            costs[name] = future.result()
            say(f"{name}: {costs[name].instructions:,} instructions, {costs[name].allocations:g} allocations")
    return costs
