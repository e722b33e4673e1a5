"""10,000 idle connections: their memory, and their effect on the latency of others."""

import contextlib
import dataclasses
import resource
import select
import socket

import load
import results
from scenarios import EVERYBODY, SCENARIOS
from stage import Stage
from verify import Different

TITLE = "10,000 idle connections"
PEERS = EVERYBODY
CONNECTIONS = 10_000
RATE = 1_000  # requests per second on the other connections
PLAIN = dataclasses.replace(SCENARIOS["plain"], name="idle", configuration="plain", connections=16)


def seconds(peers, options):
    return 5 + len(peers) * options.rounds * (8 + 2 * options.duration)


@dataclasses.dataclass(frozen=True)
class Round:
    at_rest: int  # bytes, after a warm-up, without the connections
    with_connections: int
    connections: int
    alone: load.Load
    beside: load.Load

    @property
    def bytes_a_connection(self):
        return (self.with_connections - self.at_rest) / self.connections


def run(peers, options, say):
    load.build_steady()
    raise_descriptors()
    runs = {peer.name: [] for peer in peers}
    with Stage() as stage:
        for number in range(1, options.rounds + 1):
            for peer in peers:
                made = measured(stage, peer, options.duration)
                runs[peer.name].append(made)
                say(
                    f"round {number}/{options.rounds}  {peer.title:8}  {made.at_rest / 2**20:6.1f} MiB at rest  "
                    f"{made.bytes_a_connection / 1024:6.2f} KiB per connection  "
                    f"p99 {made.alone.p99_ms:.2f} → {made.beside.p99_ms:.2f} ms"
                )
    return markdown(peers, runs, options), {
        "connections": CONNECTIONS,
        "requests_per_second": RATE,
        "peers": {
            peer.name: {
                "title": peer.title,
                "version": peer.version(),
                "rounds": [
                    {**dataclasses.asdict(made), "bytes_a_connection": made.bytes_a_connection}
                    for made in runs[peer.name]
                ],
            }
            for peer in peers
        },
    }


def raise_descriptors():
    """Raises the limit for this program and the proxies: two descriptors per connection that reaches the upstream."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < CONNECTIONS + 2_000:
        raise Different(f"{CONNECTIONS:,} connections need more file descriptors than {hard:,}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def configuration(peer):
    text = peer.configuration(PLAIN)
    if peer.name == "haproxy":
        # HAProxy needs two descriptors per connection, and does not start if the limit is lower.
        text = text.replace("maxconn 4096", f"maxconn {CONNECTIONS + 1_000}\n    no strict-limits")
    return text


def measured(stage, peer, duration):
    """Starts a new process per round: memory that the allocator keeps would hide that of the next round."""
    server, port = stage.start_peer(peer, configuration(peer))
    try:
        address = f"127.0.0.1:{port}"
        load.steady(address, PLAIN, RATE, 1, stage.load_cores)
        alone = faultless(peer, load.steady(address, PLAIN, RATE, duration, stage.load_cores))
        at_rest = server.memory()
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(idle_connection(port, peer)) for _ in range(CONNECTIONS)]
            full = server.memory()
            beside = faultless(peer, load.steady(address, PLAIN, RATE, duration, stage.load_cores))
            if closed := readable(opened):
                raise Different(f"{peer.title} closed {closed} of {CONNECTIONS:,} idle connections")
        return Round(at_rest, full, CONNECTIONS, alone, beside)
    finally:
        server.stop()


def idle_connection(port, peer):
    """Opens a connection and sends one request, like a client's idle connection."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    received = b""
    while not received.endswith(PLAIN.body.encode()):
        piece = connection.recv(65536)
        if not piece or not (received + piece).startswith(b"HTTP/1.1 200"):
            connection.close()
            raise Different(f"{peer.title} refuses a connection: {(received + piece)[:60]!r}")
        received += piece
    return connection


def readable(connections):
    """How many connections were closed by the peer or received unsolicited bytes."""
    poll = select.poll()
    for connection in connections:
        poll.register(connection, select.POLLIN | select.POLLHUP)
    return len(poll.poll(0))


def faultless(peer, made):
    if made.errors or set(made.statuses) != {200}:
        raise Different(f"{peer.title}: {made.errors or made.statuses}")
    return made


def markdown(peers, runs, options):
    lines = [
        "| proxy | at rest | per idle connection | p50 without → with | p99 without → with | p99.9 without → with |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for peer in peers:
        made = runs[peer.name]
        each = results.Spread.of(run.bytes_a_connection / 1024 for run in made)
        latencies = [
            " → ".join(
                f"{results.Spread.of(getattr(getattr(run, when), figure) for run in made).median:.2f}"
                for when in ("alone", "beside")
            )
            for figure in ("p50_ms", "p99_ms", "p999_ms")
        ]
        rest = results.Spread.of(run.at_rest / 2**20 for run in made)
        lines.append(
            f"| {peer.title} | {rest.median:.1f} MiB "
            f"| **{each.median:.2f} KiB** ({each.minimum:.2f}–{each.maximum:.2f}) "
            f"| {' ms | '.join(latencies)} ms |"
        )
    return lines + [
        "",
        f"Median of {options.rounds} interleaved rounds (minimum–maximum). Each connection sends one request and then "
        f"stays idle; {PLAIN.connections} others carry {RATE:,} requests per second, for {options.duration} s without "
        "and with them. Memory is that of the proxy (proportional set size). It excludes kernel memory, which is the "
        "same for all.",
    ]
