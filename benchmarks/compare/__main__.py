"""Runs the same work through the gateway and its peers, and writes table, raw figures and chart.

    python3 benchmarks/compare --scenario plain --peers nginx,haproxy --rounds 5 --duration 5
"""

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

import chart
import machine
import results
import table
from measure import expected_seconds, measure
from peers import PEERS, ROOT, Unavailable
from processes import StartFailed
from scenarios import SCENARIOS
from verify import Different


def arguments():
    parser = argparse.ArgumentParser(prog="compare", description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", choices=SCENARIOS, default="plain")
    parser.add_argument("--peers", help="some of the scenario's peers, with commas between; the gateway always runs")
    parser.add_argument("--no-gateway", action="store_true", help="only the peers")
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--duration", type=positive, default=5, help="seconds of one run (default: 5)")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args()
    options.scenario = SCENARIOS[options.scenario]
    wanted = options.peers.replace(",", " ").split() if options.peers else list(options.scenario.peers)
    if unknown := [name for name in wanted if name not in options.scenario.peers]:
        parser.error(f"unknown peer {unknown[0]}: {options.scenario.name} has {', '.join(options.scenario.peers)}")
    wanted = set(wanted) - {"gateway"} if options.no_gateway else set(wanted) | {"gateway"}
    options.names = [name for name in options.scenario.peers if name in wanted]
    if not options.names:
        parser.error("no peer is left to measure")
    return options


def positive(value):
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def say(line):
    print(line, flush=True)


def main():
    options = arguments()
    # TERM ends the run as Ctrl-C does: through the clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for name in options.names:
            PEERS[name].executable()
        for tool in ("wrk", "taskset"):
            if shutil.which(tool) is None:
                raise Unavailable(f"{tool} is not there: apt-get install {tool.replace('taskset', 'util-linux')}")
        seconds = expected_seconds(len(options.names), options.rounds, options.duration)
        titles = ", ".join(PEERS[name].title for name in options.names)
        say(f"{options.scenario.title}: {titles}; {options.rounds} rounds of {options.duration} s each.")
        say(f"This takes about {seconds / 60:.1f} minutes." if seconds > 90 else f"This takes about {seconds:.0f} s.")
        if load := machine.busy():
            say(f"Something else is running (load {load:.1f}): the figures will be blurred.")
        subjects = measure(options.scenario, options.names, options.rounds, options.duration, say)
        write(options, subjects)
    except (Unavailable, StartFailed, Different) as error:
        sys.exit(f"compare: {error}")
    except KeyboardInterrupt:
        sys.exit("compare: stopped")


def write(options, subjects):
    comparison = results.Comparison(
        scenario=options.scenario,
        rounds=options.rounds,
        duration=options.duration,
        machine=machine.describe(),
        results=[results.Result.of(subject) for subject in subjects.values()],
    )
    options.output.mkdir(parents=True, exist_ok=True)
    files = {
        "md": table.to_markdown(comparison),
        "json": results.to_json(comparison, subjects),
        "svg": chart.to_svg(comparison),
    }
    for extension, content in files.items():
        (options.output / f"{options.scenario.name}.{extension}").write_text(content)
    say("")
    say(files["md"])
    say(f"Written: {os.path.relpath(options.output)}/{options.scenario.name}.{{{','.join(files)}}}")
    if comparison.publishable and options.output == ROOT / "benchmarks" / "results":
        readme = ROOT / "README.md"
        readme.write_text(table.put_into(readme.read_text(), options.scenario.name, table.readme_line(comparison)))


main()
