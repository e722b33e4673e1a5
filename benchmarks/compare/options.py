"""The command line of the comparison, and where its results go."""

import argparse
from pathlib import Path

import special
from peers import PEERS, ROOT
from scenarios import SCENARIOS

RESULTS = ROOT / "benchmarks" / "results"
SCRATCH_RESULTS = ROOT / ".build-bench" / "results"
ROUNDS, DURATION = 5, 5  # the minimum of a recorded comparison


def arguments(description, given=None):
    parser = argparse.ArgumentParser(prog="compare", description=description)
    names = [*SCENARIOS, *special.SCENARIOS]
    parser.add_argument("--scenario", help=f"comma-separated list of {', '.join(names)} (default: all)")
    parser.add_argument("--middlewares", action="store_true", help="measure the cost of each gateway middleware")
    parser.add_argument("--peers", help="comma-separated list of the scenario's peers; the gateway always runs")
    parser.add_argument("--no-gateway", action="store_true", help="only the peers")
    parser.add_argument("--rounds", type=positive, default=ROUNDS)
    parser.add_argument("--duration", type=positive, default=DURATION, help="seconds per run (default: 5)")
    parser.add_argument("--url", help="a request to a server on 127.0.0.1, which becomes the upstream")
    parser.add_argument("--gateway-config", type=Path, help="a gateway.toml to measure")
    parser.add_argument("--output", type=Path, help="the folder for the results")
    parser.add_argument("--record", action="store_true", help="record the results in benchmarks/results")
    options = parser.parse_args(given)
    if options.record and (reason := not_comparable(options)):
        parser.error(f"--record: {reason}")
    options.output = options.output or (RESULTS if recorded(options) else SCRATCH_RESULTS)
    if options.gateway_config and not options.gateway_config.is_file():
        parser.error(f"{options.gateway_config} does not exist")
    if options.url and (options.scenario or options.middlewares):
        parser.error("--url cannot be combined with --scenario")
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
    """Why the results of a run are not comparable with the recorded ones, or None."""
    if options.peers or options.no_gateway:
        return "a peer is left out"
    if options.rounds < ROUNDS or options.duration < DURATION:
        return f"fewer than {ROUNDS} rounds, or rounds shorter than {DURATION} s"
    if options.url or options.gateway_config:
        return "the upstream or the configuration is custom"
    return None


def recorded(options):
    """Whether a run writes to benchmarks/results: only a full one does, unless --record is given."""
    return options.record or not (options.scenario or not_comparable(options))


def positive(value):
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
