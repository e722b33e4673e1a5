"""Counts instructions and heap allocations, and fails if they exceed the committed ceilings.

    python3 benchmarks/guard BINARIES [--update]
    python3 benchmarks/guard --allocations PROFILE REQUESTS     lists the allocating functions in a callgrind profile
"""

import argparse
import subprocess
import sys
from pathlib import Path

import ceilings
from callgrind import Profile
from runs import ROOT, Failed, all_costs

SCENARIOS = ("plain", "chain", "limited", "cache")
CEILINGS = ROOT / "benchmarks" / "ceilings.json"


def demangled(names):
    try:
        command = ["swift", "demangle", "--simplified"]
        output = subprocess.run(command, input="\n".join(names), capture_output=True, text=True, check=True).stdout
        return output.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return names


def print_allocations(path, requests):
    asked = [(count, name) for name, count in Profile(path).allocators().items()]
    asked.sort(reverse=True)
    for (count, _), name in zip(asked, demangled([name for _, name in asked])):
        if count / requests >= 0.005:
            print(f"{count / requests:8.2f} allocations per request: {name[:130]}")


def main():
    parser = argparse.ArgumentParser(prog="guard", description=__doc__.splitlines()[0])
    parser.add_argument("binaries", type=Path, nargs="?", help="the folder with gateway and GatewayBenchmarks")
    parser.add_argument("--update", action="store_true", help="rewrite the ceilings")
    parser.add_argument("--allocations", nargs=2, metavar=("PROFILE", "REQUESTS"))
    options = parser.parse_args()
    if options.allocations:
        return print_allocations(options.allocations[0], int(options.allocations[1]))
    if not options.binaries:
        parser.error("the folder of the binaries is missing")
    try:
        costs = all_costs(options.binaries.resolve(), SCENARIOS, lambda line: print(line, file=sys.stderr, flush=True))
    except Failed as failure:
        sys.exit(str(failure))
    known = ceilings.read(CEILINGS)
    print(ceilings.table(costs, known))
    if options.update:
        return ceilings.write(CEILINGS, costs)
    for name, cost in costs.items():
        if ceilings.is_cheaper(cost, known.get(name)):
            print(f"{name} has become cheaper: make bench-guard UPDATE=1 lowers its ceiling")
    complaints = [f"{name} {wrong}" for name, cost in costs.items() if (wrong := ceilings.verdict(cost, known.get(name)))]
    complaints += [f"{name} is no longer measured" for name in known if name not in costs]
    if complaints:
        sys.exit("\n".join(["", *complaints, "If this is intended: make bench-guard UPDATE=1, and commit."]))


if __name__ == "__main__":
    main()
