"""The time from exec to the first response."""

import dataclasses
import os
import socket
import time

import results
from processes import Server, free_port
from peers import fill_in
from scenarios import EVERYBODY, SCENARIOS
from stage import Stage
from verify import Different

TITLE = "From exec to the first answer"
PEERS = EVERYBODY
STARTS = 5  # in each round
PLAIN = dataclasses.replace(SCENARIOS["plain"], name="start", configuration="plain")
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def seconds(peers, options):
    return 3 + len(peers) * options.rounds * STARTS * 0.5


def run(peers, options, say):
    runs = {peer.name: [] for peer in peers}
    with Stage() as stage:
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, stage.load_cores)  # the client must not use the core of the proxy
        try:
            for number in range(1, options.rounds + 1):
                for peer in peers:
                    runs[peer.name] += [started(stage, peer) for _ in range(STARTS)]
                    newest = results.Spread.of(runs[peer.name][-STARTS:])
                    say(f"round {number}/{options.rounds}  {peer.title:8}  {newest.median:7.1f} ms")
        finally:
            os.sched_setaffinity(0, allowed)
    return markdown(peers, runs), {
        "peers": {
            peer.name: {"title": peer.title, "version": peer.version(), "milliseconds": runs[peer.name]}
            for peer in peers
        }
    }


def started(stage, peer):
    """Milliseconds from the start of the process to the end of its first response."""
    port = free_port()
    marks = stage.marks(port)
    config = stage.work / f"start-{peer.name}.{peer.extension}"
    config.write_text(fill_in(peer.configuration(PLAIN), marks))
    marks["@CONFIG@"] = str(config)
    command = [peer.executable(), *(fill_in(argument, marks) for argument in peer.arguments)]
    environment = [(key, fill_in(value, marks)) for key, value in peer.environment]
    begin = time.perf_counter()
    server = Server(peer.name, command, stage.proxy_cores, stage.work / "start.log", environment)
    try:
        while (answer := first_answer(port)) is None:
            if server.process.poll() is not None or time.perf_counter() > begin + 20:
                raise Different(f"{peer.title} does not start:\n{server.output()}")
            time.sleep(0.0002)
        taken = time.perf_counter() - begin
        if not answer.startswith(b"HTTP/1.1 200") or not answer.endswith(PLAIN.body.encode()):
            raise Different(f"{peer.title} answers its first request with {answer[:60]!r}")
        return taken * 1000
    finally:
        server.stop()


def first_answer(port):
    """The complete response; None if nothing listens yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(REQUEST)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received
    except ConnectionRefusedError:
        return None


def markdown(peers, runs):
    lines = ["| proxy | ms | min | max |", "|---|--:|--:|--:|"]
    for peer in peers:
        spread = results.Spread.of(runs[peer.name])
        lines.append(f"| {peer.title} | **{spread.median:.1f}** | {spread.minimum:.1f} | {spread.maximum:.1f} |")
    count = max(len(values) for values in runs.values())
    return lines + [
        "",
        f"Median of {count} starts each, in turn, with the plain configuration: from the start of the process (with "
        "`taskset`, some 2 ms for all) until 1 KiB from the upstream has arrived. The binary is in the page "
        "cache.",
    ]
