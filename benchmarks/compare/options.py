"""The command line of the comparison, and where its results go."""

import argparse
from pathlib import Path

import special
from peers import PEERS, ROOT
from scenarios import SCENARIOS

RESULTS = ROOT / "benchmarks" / "results"
SCRATCH_RESULTS = ROOT / ".build-bench" / "results"
ROUNDS, DURATION = 5, 5  # of a recorded comparison, at least


def arguments(description, given=None):
    parser = argparse.ArgumentParser(prog="compare", description=description)
    names = [*SCENARIOS, *special.SCENARIOS]
    parser.add_argument("--scenario", help=f"some of {', '.join(names)}, with commas between (default: all)")
    parser.add_argument("--middlewares", action="store_true", help="what each of the gateway's middlewares costs")
    parser.add_argument("--peers", help="some of the scenario's peers, with commas between; the gateway always runs")
    parser.add_argument("--no-gateway", action="store_true", help="only the peers")
    parser.add_argument("--rounds", type=positive, default=ROUNDS)
    parser.add_argument("--duration", type=positive, default=DURATION, help="seconds of one run (default: 5)")
    parser.add_argument("--url", help="your own server on 127.0.0.1 as the upstream, and the request to make")
    parser.add_argument("--gateway-config", type=Path, help="your own gateway.toml")
    parser.add_argument("--output", type=Path, help="the folder for the results")
    parser.add_argument("--record", action="store_true", help="record the result of some scenarios in benchmarks/results")
    options = parser.parse_args(given)
    if options.record and (reason := not_comparable(options)):
        parser.error(f"--record: {reason}")
    options.output = options.output or (RESULTS if recorded(options) else SCRATCH_RESULTS)
    if options.gateway_config and not options.gateway_config.is_file():
        parser.error(f"{options.gateway_config} is not there")
    if options.url and (options.scenario or options.middlewares):
        parser.error("--url is a scenario of its own")
    options.scenarios = options.scenario.replace(",", " ").split() if options.scenario else list(names)
    if options.middlewares or options.url:
        options.scenarios = []
    elif options.gateway_config and not options.scenario:
        options.scenarios = ["plain"]
    if unknown := [name for name in options.scenarios if name not in names]:
        parser.error(f"unknown scenario {unknown[0]}: there are {', '.join(names)}")
    options.wanted = options.peers.replace(",", " ").split() if options.peers else None
    if unknown := [name for name in options.wanted or () if name not in PEERS]:
        parser.error(f"unknown peer {unknown[0]}: there are {', '.join(PEERS)}")
    return options


def not_comparable(options):
    """Why the results of a run cannot stand beside the recorded ones, or None."""
    if options.peers or options.no_gateway:
        return "a peer is left out"
    if options.rounds < ROUNDS or options.duration < DURATION:
        return f"fewer than {ROUNDS} rounds, or rounds shorter than {DURATION} s"
    if options.url or options.gateway_config:
        return "the upstream or the configuration is your own"
    return None


def recorded(options):
    """Whether a run writes to benchmarks/results: only a full one does, unless it is told to."""
    return options.record or not (options.scenario or not_comparable(options))


def positive(value):
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
