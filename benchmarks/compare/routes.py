"""The cost of a request with 10, 1,000 and 10,000 routes."""

import dataclasses
import re

import load
import results
from scenarios import SCENARIOS
from stage import Stage
from verify import Different, ask

TITLE = "10, 1,000 and 10,000 routes"
PEERS = ("nginx", "haproxy", "gateway")
COUNTS = (10, 1_000, 10_000)
PLAIN = dataclasses.replace(SCENARIOS["plain"], name="routes", configuration="plain", path="/r3/item")


def seconds(peers, options):
    return 8 + len(COUNTS) * len(peers) * (2.5 + options.rounds * (options.duration + 0.3))


def configuration(peer, count):
    """The plain configuration with that many routes instead of one for everything. Other paths get 404."""
    text = peer.configuration(PLAIN)
    match peer.name:
        case "gateway":
            head, route = text.split("[[routes]]\n", 1)
            return head + "\n".join(
                "[[routes]]\n" + route.replace('path = "/*"', f'path = "/r{number}/*"') for number in range(count)
            )
        case "nginx":
            block = re.search(r"        location / \{\n.*?\n        \}\n", text, re.S)[0]
            blocks = "".join(block.replace("location /", f"location /r{number}/", 1) for number in range(count))
            return text.replace(block, blocks + "        location / {\n            return 404;\n        }\n")
        case "haproxy":
            # The manual recommends a map for many routes: a prefix tree instead of a list of rules.
            rule = "    http-request return status 404 unless { path,map_beg(@WORK@/routes.map) -m found }\n"
            choice = "    use_backend %[path,map_beg(@WORK@/routes.map)]\n"
            return text.replace("    default_backend origin\n", rule + choice)
    raise ValueError(peer.name)


def run(peers, options, say):
    runs = {(peer.name, count): [] for peer in peers for count in COUNTS}
    with Stage() as stage:
        servers = {}
        for count in COUNTS:
            for peer in peers:
                (stage.work / "routes.map").write_text("".join(f"/r{number}/ origin\n" for number in range(count)))
                server, port = stage.start_peer(peer, configuration(peer, count))
                servers[peer.name, count] = server, port
                check(peer, port, count)
                saturated(stage, port, count, 1)
        say(f"{len(servers)} configurations serve their first and last route, and no other path. Warmed up.")
        for number in range(1, options.rounds + 1):
            for (name, count), (server, port) in servers.items():
                before = server.cpu_time()
                made = saturated(stage, port, count, options.duration)
                spent = server.cpu_time() - before
                if made.errors or not made.requests:
                    raise Different(f"{name} with {count} routes: {made.errors or 'no request was answered'}")
                cost = (spent.user + spent.system) / made.requests * 1e6
                runs[name, count].append(cost)
                say(f"round {number}/{options.rounds}  {name:8}  {count:6,} routes  {cost:6.2f} µs CPU per request")
        memory = {key: server.memory() for key, (server, _) in servers.items()}
    return markdown(peers, runs, memory, options), {
        "counts": COUNTS,
        "peers": {
            peer.name: {
                "title": peer.title,
                "version": peer.version(),
                "cpu_us": {count: runs[peer.name, count] for count in COUNTS},
                "memory": {count: memory[peer.name, count] for count in COUNTS},
            }
            for peer in peers
        },
    }


def check(peer, port, count):
    for path, status in (("/r0/item", 200), (f"/r{count - 1}/item", 200), (f"/r{count}/item", 404), ("/", 404)):
        if (answer := ask(port, path)).status != status:
            raise Different(f"{peer.title} with {count} routes answers {path} with {answer.status}, not {status}")


def saturated(stage, port, count, duration):
    script = str(load.SOURCES / "routes.lua")
    command = ["wrk", "-t1", f"-c{PLAIN.connections}", f"-d{duration}s", "--latency", "-s", script]
    return load.run([*command, f"http://127.0.0.1:{port}/", "--", str(count)], duration, stage.load_cores)


def markdown(peers, runs, memory, options):
    lines = [
        f"| proxy | {' | '.join(f'{count:,} routes, µs' for count in COUNTS)} | most ÷ fewest | memory |",
        f"|---|{'--:|' * (len(COUNTS) + 2)}",
    ]
    for peer in peers:
        spreads = [results.Spread.of(runs[peer.name, count]) for count in COUNTS]
        cells = [f"**{spread.median:.1f}** ({spread.minimum:.1f}–{spread.maximum:.1f})" for spread in spreads]
        ratio = results.Spread.of(
            most / fewest for fewest, most in zip(runs[peer.name, COUNTS[0]], runs[peer.name, COUNTS[-1]])
        )
        held = " → ".join(f"{memory[peer.name, count] / 2**20:.1f}" for count in (COUNTS[0], COUNTS[-1]))
        lines.append(f"| {peer.title} | {' | '.join(cells)} | {ratio.median:.2f} | {held} MiB |")
    return lines + [
        "",
        f"CPU time per request; median of {options.rounds} interleaved rounds of {options.duration} s each "
        f"(minimum–maximum), {PLAIN.connections} connections. The load requests all routes in turn. nginx has a "
        "`location` for each, HAProxy a map. Envoy and Caddy try routes from the top of a list, and are omitted.",
    ]
