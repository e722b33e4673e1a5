"""Runs the same work through the gateway and its peers, and writes table, raw figures and chart.

    python3 benchmarks/compare --scenario plain,chain --peers nginx,haproxy --rounds 5 --duration 5
    python3 benchmarks/compare --scenario plain --record
    python3 benchmarks/compare --middlewares
    python3 benchmarks/compare --url http://127.0.0.1:9000/users --gateway-config gateway.toml
"""

import os
import shutil
import signal
import sys

import chart
import index
import machine
import middlewares
import own
import results
import special
import table
from measure import expected_seconds, measure
from options import RESULTS, arguments
from peers import PEERS, ROOT, Unavailable
from processes import StartFailed
from scenarios import SCENARIOS
from verify import Different

def say(line):
    print(line, flush=True)


def chosen(options, peers):
    """The selected peers of a scenario, in its order."""
    names = [name for name in peers if options.wanted is None or name in options.wanted or name == "gateway"]
    if options.no_gateway:
        names = [name for name in names if not PEERS[name].ours]
    found = [PEERS[name] for name in names]
    if options.gateway_config:
        found = [own.gateway(options.gateway_config) if peer.name == "gateway" else peer for peer in found]
    for peer in found:
        peer.executable()
    return found


def main():
    options = arguments(__doc__.splitlines()[0])
    # SIGTERM ends the run like Ctrl-C, with the clean-up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for tool in ("wrk", "taskset"):
            if shutil.which(tool) is None:
                raise Unavailable(f"{tool} is not installed: apt-get install {tool.replace('taskset', 'util-linux')}")
        work = plan(options)
        if not work:
            raise Unavailable("nothing to measure: no scenario has these peers")
        announce(options, work)
        options.output.mkdir(parents=True, exist_ok=True)
        for number, (title, _, step) in enumerate(work, 1):
            say(f"\n{f'{number}/{len(work)}  ' if len(work) > 1 else ''}{title}")
            step()
        index.write(options.output)
    except (Unavailable, StartFailed, Different, RuntimeError) as error:
        sys.exit(f"compare: {error}")
    except KeyboardInterrupt:
        sys.exit("compare: stopped")


def plan(options):
    """The selected comparisons: (title, expected seconds, function)."""
    work = []
    if options.middlewares:
        peers = middlewares.peers(say)
        seconds = expected_seconds(middlewares.SCENARIO, len(peers), options.rounds, options.duration, latency=False)
        title = f"{middlewares.SCENARIO.title}: {len(peers)} configurations"
        work.append((title, seconds, lambda: cost_of_middlewares(options, peers)))
    if options.url:
        work += [compared(options, *own.scenario(options.url))]
    for name in options.scenarios:
        if name in special.SCENARIOS:
            module = special.SCENARIOS[name]
            peers = chosen(options, module.PEERS)
            work += [special_step(options, name, module, peers)] if peers else []
        else:
            work += [compared(options, SCENARIOS[name], "")]
    return [step for step in work if step]


def compared(options, scenario, upstream):
    peers = chosen(options, scenario.peers)
    if not peers:
        return None
    seconds = expected_seconds(scenario, len(peers), options.rounds, options.duration)
    title = f"{scenario.title}: {', '.join(peer.title for peer in peers)}"
    return title, seconds, lambda: compare(options, scenario, peers, upstream)


def special_step(options, name, module, peers):
    title = f"{module.TITLE}: {', '.join(peer.title for peer in peers)}"

    def step():
        markdown, document = module.run(peers, options, say)
        document = {"scenario": name, "title": module.TITLE, "machine": machine.describe(), **document}
        facts = table.facts(document["machine"])
        facts.append(f"- Repeat with `make bench SCENARIO={name}`. Every figure: [{name}.json]({name}.json)")
        text = "\n".join([f"# {module.TITLE}", "", *markdown, "", *facts]) + "\n"
        put(options, name, {"md": text, "json": results.as_json(document)})

    return title, module.seconds(peers, options), step


def announce(options, work):
    seconds = sum(step[1] for step in work)
    say(f"{len(work)} comparison{'s' * (len(work) > 1)}, {options.rounds} rounds of {options.duration} s each.")
    say(f"This takes about {seconds / 60:.1f} minutes." if seconds > 90 else f"This takes about {seconds:.0f} s.")
    if load := machine.busy():
        say(f"Something else is running (load {load:.1f}): the figures will be imprecise.")


def cost_of_middlewares(options, peers):
    subjects, _ = measure(
        middlewares.SCENARIO, peers, options.rounds, options.duration, say, latency=False
    )
    where = machine.describe()
    files = {
        "md": middlewares.to_markdown(subjects, options.rounds, options.duration, table.facts(where)),
        "json": middlewares.to_json(subjects, options.rounds, options.duration, where),
    }
    put(options, "middlewares", files)


def compare(options, scenario, peers, upstream):
    subjects, rate = measure(scenario, peers, options.rounds, options.duration, say, upstream)
    comparison = results.Comparison(
        scenario=scenario,
        rounds=options.rounds,
        duration=options.duration,
        rate=rate,
        machine=machine.describe(),
        results=[results.Result.of(subject) for subject in subjects.values()],
    )
    files = {
        "md": table.to_markdown(comparison),
        "json": results.to_json(comparison, subjects),
        "svg": chart.to_svg(comparison),
    }
    put(options, scenario.name, files)
    if comparison.publishable and options.output == RESULTS and not options.gateway_config:
        readme = ROOT / "README.md"
        readme.write_text(table.put_into(readme.read_text(), scenario.name, table.readme_block(comparison)))


def put(options, name, files):
    for extension, content in files.items():
        (options.output / f"{name}.{extension}").write_text(content)
    say("")
    say(files["md"])
    say(f"Written: {os.path.relpath(options.output)}/{name}.{{{','.join(files)}}}")


if __name__ == "__main__":
    main()
