"""One body of 1 GiB, down and up: throughput, CPU time and peak memory of the proxy."""

import dataclasses
import random
import subprocess
import sys
import zlib
from pathlib import Path

import results
from peers import ROOT
from processes import family, free_port, pinned
from scenarios import EVERYBODY, SCENARIOS
from stage import Stage
from verify import Different

TITLE = "A body of 1 GiB, down and up"
PEERS = EVERYBODY
BYTES = 1 << 30
SMALL = 4 << 20  # size of the transfer that is verified byte by byte
PATTERN = 16 << 20
PROGRAMS = ROOT / "benchmarks" / "load"
PLAIN = dataclasses.replace(
    SCENARIOS["plain"], name="big", configuration="plain", other_configurations={"nginx": "big"}
)


def seconds(peers, options):
    return 5 + len(peers) * (2 + options.rounds * 2 * 2.5)


@dataclasses.dataclass(frozen=True)
class Transfer:
    seconds: float
    cpu_seconds: float
    peak: int  # bytes, the largest resident set during the transfer
    growth: int  # bytes, the increase of the resident set


def run(peers, options, say):
    with Stage(upstream=f"127.0.0.1:{free_port()}") as stage:
        pattern = stage.work / "pattern"
        content = random.Random(1).randbytes(PATTERN)
        pattern.write_bytes(content)
        port = int(stage.given.rpartition(":")[2])
        sink = [sys.executable, str(PROGRAMS / "sink.py"), str(port), str(pattern)]
        stage.start("sink", "", sink, port, stage.load_cores)
        servers = {}
        for peer in peers:
            server, listening = stage.start_peer(peer, peer.configuration(PLAIN))
            servers[peer.name] = server, listening
            expected = f"{SMALL} {zlib.crc32(content[:SMALL]):08x}"
            for direction in ("down", "up"):
                _, arrived = transfer(stage, direction, listening, SMALL, pattern)
                if arrived != expected:
                    raise Different(f"{peer.title}, {direction}: {arrived} arrived, not {expected}")
        say(f"{len(peers)} forward a body unchanged.")
        runs = {(peer.name, direction): [] for peer in peers for direction in ("down", "up")}
        for number in range(1, options.rounds + 1):
            for peer in peers:
                for direction in ("down", "up"):
                    made = measured(stage, *servers[peer.name], direction, pattern, peer)
                    runs[peer.name, direction].append(made)
                    say(
                        f"round {number}/{options.rounds}  {peer.title:8} {direction:4}  "
                        f"{BYTES / made.seconds / 2**20:6,.0f} MiB/s  {made.cpu_seconds:.2f} s CPU  "
                        f"peak {made.peak / 2**20:.1f} MiB"
                    )
        return markdown(peers, runs, options.rounds), {
            "bytes": BYTES,
            "peers": {
                peer.name: {
                    "title": peer.title,
                    "version": peer.version(),
                    **{way: [dataclasses.asdict(made) for made in runs[peer.name, way]] for way in ("down", "up")},
                }
                for peer in peers
            },
        }


def transfer(stage, direction, port, size, pattern):
    """Returns (seconds, "COUNT CRC-32" of the bytes that arrived)."""
    command = [sys.executable, str(PROGRAMS / "transfer.py"), direction, str(port), str(size), str(pattern)]
    done = subprocess.run(pinned(stage.load_cores, command), capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Different(f"{direction}: {done.stderr.strip()}")
    taken, _, arrived = done.stdout.strip().partition(" ")
    return float(taken), arrived


def measured(stage, server, port, direction, pattern, peer):
    resident = memory(server, "VmRSS:")
    for pid in family(server.process.pid):
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the peak
    before = server.cpu_time()
    taken, arrived = transfer(stage, direction, port, BYTES, pattern)
    spent = server.cpu_time() - before
    if int(arrived.split()[0]) != BYTES:
        raise Different(f"{peer.title}, {direction}: {arrived.split()[0]} of {BYTES} bytes arrived")
    peak = memory(server, "VmHWM:")
    return Transfer(taken, spent.user + spent.system, peak, max(peak - resident, 0))


def memory(server, name):
    """The sum over the server's processes, in bytes."""
    total = 0
    for pid in family(server.process.pid):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                total += int(line.split()[1]) * 1024
    return total


def markdown(peers, runs, rounds):
    lines = [
        "| proxy | direction | MiB/s | CPU seconds per GiB | peak memory | increase |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for direction in ("down", "up"):
        for peer in peers:
            made = runs[peer.name, direction]
            rate = results.Spread.of(BYTES / run.seconds / 2**20 for run in made)
            cpu = results.Spread.of(run.cpu_seconds for run in made)
            lines.append(
                f"| {peer.title} | {direction} | {rate.median:,.0f} ({rate.minimum:,.0f}–{rate.maximum:,.0f}) "
                f"| **{cpu.median:.2f}** ({cpu.minimum:.2f}–{cpu.maximum:.2f}) "
                f"| {max(run.peak for run in made) / 2**20:.1f} MiB | {max(run.growth for run in made) / 2**20:.1f} MiB |"
            )
    return lines + [
        "",
        f"Median of {rounds} interleaved rounds (minimum–maximum), one transfer at a time. Client and upstream share a "
        "core and limit the throughput, so compare CPU time. Memory is the sum of the resident sets of the proxy's "
        "processes, the maximum of all rounds. nginx is configured to stream: by default it writes bodies of this "
        "size to temporary files.",
    ]
