"""What clients notice when the configuration changes ten times per second."""

import asyncio
import dataclasses
import os
import signal
import time
import urllib.request

import results
from scenarios import SCENARIOS
from stage import Stage

TITLE = "Reloads under load"
PEERS = ("nginx", "haproxy", "caddy", "gateway")
CLIENTS = 8
RELOADS_PER_SECOND = 10
PLAIN = dataclasses.replace(SCENARIOS["plain"], name="reload", configuration="plain")
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def seconds(peers, options):
    return 3 + len(peers) * options.rounds * (2 * options.duration + 2)


def run(peers, options, say):
    runs = {peer.name: [] for peer in peers}
    allowed = os.sched_getaffinity(0)
    for number in range(1, options.rounds + 1):
        for peer in peers:
            with Stage() as stage:
                os.sched_setaffinity(0, stage.load_cores)
                try:
                    runs[peer.name].append(Subject(stage, peer).measure(options.duration))
                finally:
                    os.sched_setaffinity(0, allowed)
            newest = runs[peer.name][-1]
            say(f"round {number}/{options.rounds}  {peer.title:8}  {newest['failed']} failed, p99 {newest['p99_ms']:.1f} ms")
    return markdown(peers, runs), {
        "peers": {
            peer.name: {"title": peer.title, "version": peer.version(), "runs": runs[peer.name]} for peer in peers
        }
    }


class Subject:
    """A running proxy whose configuration can be replaced by an equal one."""

    def __init__(self, stage, peer):
        self.stage, self.peer = stage, peer
        text = peer.configuration(PLAIN)
        arguments = peer.arguments
        if peer.name == "haproxy":
            # Only a master process reloads.
            arguments = ("-W", *arguments)
        if peer.name == "caddy":
            text = text.replace("admin off", "admin 127.0.0.1:@ADMIN_PORT@")
        changed = dataclasses.replace(peer, arguments=arguments)
        self.server, self.port = stage.start_peer(changed, text)
        self.config = stage.work / f"{peer.name}-{self.port}.{peer.extension}"

    def reload(self):
        # The comment makes it another file: Caddy does nothing if it is the same.
        text = self.config.read_text().split("\n# at ")[0] + f"\n# at {time.monotonic_ns()}\n"
        self.config.write_text(text)
        if self.peer.name == "caddy":
            admin = text.split("admin 127.0.0.1:")[1].split()[0]
            # "must-revalidate" has Caddy load an equal configuration again.
            fields = {"Content-Type": "text/caddyfile", "Cache-Control": "must-revalidate"}
            request = urllib.request.Request(f"http://127.0.0.1:{admin}/load", text.encode(), fields)
            urllib.request.urlopen(request, timeout=10).close()
        else:
            how = signal.SIGUSR2 if self.peer.name == "haproxy" else signal.SIGHUP
            os.kill(self.server.process.pid, how)

    def measure(self, duration):
        calm = asyncio.run(load(self.port, duration))
        busy = asyncio.run(load(self.port, duration, self.reload))
        return {
            "requests": len(busy.latencies),
            "failed": busy.failed,
            "reloads": busy.reloads,
            "calm_p99_ms": percentile(calm.latencies, 0.99),
            "p99_ms": percentile(busy.latencies, 0.99),
            "max_ms": max(busy.latencies),
        }


class Outcome:
    def __init__(self):
        self.latencies, self.failed, self.reloads = [], 0, 0


async def load(port, duration, reload=None):
    outcome = Outcome()
    end = time.perf_counter() + duration
    tasks = [client(port, end, outcome) for _ in range(CLIENTS)]
    if reload:
        tasks.append(reloads(end, outcome, reload))
    await asyncio.gather(*tasks)
    return outcome


async def reloads(end, outcome, reload):
    while time.perf_counter() < end:
        await asyncio.get_running_loop().run_in_executor(None, reload)
        outcome.reloads += 1
        await asyncio.sleep(1 / RELOADS_PER_SECOND)


async def client(port, end, outcome):
    """Keeps a connection while the proxy does. A request without a whole answer has failed."""
    connection = None
    while (begin := time.perf_counter()) < end:
        try:
            connection = connection or await asyncio.open_connection("127.0.0.1", port)
            reader, writer = connection
            writer.write(REQUEST)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"http/1.1 200") or body != PLAIN.body.encode():
                outcome.failed += 1
            outcome.latencies.append((time.perf_counter() - begin) * 1000)
            if b"connection: close" in head:
                writer.close()
                connection = None
        except (OSError, asyncio.IncompleteReadError):
            outcome.failed += 1
            if connection:
                connection[1].close()
            connection = None


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def markdown(peers, runs):
    lines = ["| proxy | failed requests | of | p99 | p99 without reloads | longest |", "|---|--:|--:|--:|--:|--:|"]
    for peer in peers:
        mine = runs[peer.name]
        median = lambda figure: results.Spread.of(run[figure] for run in mine).median
        lines.append(
            f"| {peer.title} | **{sum(run['failed'] for run in mine)}** | {sum(run['requests'] for run in mine)} | "
            f"{median('p99_ms'):.1f} ms | {median('calm_p99_ms'):.1f} ms | {max(run['max_ms'] for run in mine):.1f} ms |"
        )
    return lines + [
        "",
        f"{CLIENTS} clients on kept connections, with the plain configuration, which is replaced by an equal one "
        f"{RELOADS_PER_SECOND} times per second: with SIGHUP, for HAProxy with SIGUSR2 to its master, for Caddy with a "
        "request to its admin API. A request fails if its connection ends before the whole answer, also if the proxy "
        "closed a kept connection as the request was on its way. The client is one Python process, so latencies are "
        "only comparable with each other.",
    ]
