"""One worker and two: whether a second worker costs anything besides its core."""

import contextlib
import dataclasses
import os

import measure
import results
import verify
from scenarios import EVERYBODY, SCENARIOS
from stage import Stage

TITLE = "One worker and two"
PEERS = EVERYBODY
COUNTS = (1, 2)
PLAIN = dataclasses.replace(SCENARIOS["plain"], name="cores", configuration="plain")


def seconds(peers, options):
    return 5 + len(COUNTS) * len(peers) * (1.5 + options.rounds * (options.duration + 0.3))


def cores_for(workers):
    """One core per worker. On a machine with two cores, the second worker shares its core with load generator and
    upstream."""
    return sorted(os.sched_getaffinity(0))[:workers]


def run(peers, options, say):
    runs = {(peer.name, count): [] for peer in peers for count in COUNTS}
    with contextlib.ExitStack() as stack:
        subjects = {}
        for count in COUNTS:
            stage = stack.enter_context(Stage(workers=count, proxy_cores=cores_for(count)))
            free = sorted(os.sched_getaffinity(0))[max(COUNTS) :]
            stage.load_cores = free[:1] or stage.load_cores
            for peer in peers:
                server, port = stage.start_peer(peer, peer.configuration(PLAIN))
                verify.check(peer.title, port, PLAIN)
                subjects[peer.name, count] = stage, measure.Subject(peer, port, server)
        say(f"{len(subjects)} give the expected response.")
        for number in range(1, options.rounds + 1):
            for key, (stage, subject) in subjects.items():
                made = measure.faultless_run(stage, subject, PLAIN, 0, options.duration, say)
                runs[key].append(made)
                say(
                    f"round {number}/{options.rounds}  {subject.peer.title:8}  workers: {key[1]}  "
                    f"{made.cpu_us:6.2f} µs CPU per request  {made.requests_per_second:8,.0f} requests/s"
                )
    return markdown(peers, runs, options), {
        "workers": COUNTS,
        "peers": {
            peer.name: {
                "title": peer.title,
                "version": peer.version(),
                "runs": {count: [dataclasses.asdict(made) for made in runs[peer.name, count]] for count in COUNTS},
            }
            for peer in peers
        },
    }


def markdown(peers, runs, options):
    lines = [
        "| proxy | CPU per request, 1 worker, µs | 2 workers, µs | ratio | requests/s, 1 worker | 2 workers |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for peer in peers:
        cpu = [results.Spread.of(run.cpu_us for run in runs[peer.name, count]) for count in COUNTS]
        rate = [results.Spread.of(run.requests_per_second for run in runs[peer.name, count]) for count in COUNTS]
        ratio = results.Spread.of(
            two.cpu_us / one.cpu_us for one, two in zip(runs[peer.name, 1], runs[peer.name, 2])
        )
        cells = [f"**{spread.median:.1f}** ({spread.minimum:.1f}–{spread.maximum:.1f})" for spread in cpu]
        lines.append(
            f"| {peer.title} | {' | '.join(cells)} | {ratio.median:.2f} "
            f"| {' | '.join(f'{spread.median:,.0f}' for spread in rate)} |"
        )
    shared = len(os.sched_getaffinity(0)) <= max(COUNTS)
    return lines + [
        "",
        f"Median of {options.rounds} interleaved rounds of {options.duration} s each (minimum–maximum), "
        f"{PLAIN.connections} connections, 1 KiB, at saturation. "
        + (
            "On this machine the second worker shares its core with load generator and upstream, so requests per "
            "second are not comparable; CPU time per request is."
            if shared
            else "Load generator and upstream have a separate core."
        ),
    ]
