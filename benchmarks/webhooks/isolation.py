#!/usr/bin/env python3
"""Measures how long events take to healthy webhooks while many others misbehave.

    benchmarks/webhooks/isolation.py .build/release/gateway [--endpoints 1000] [--faulty 0.3] [--seconds 60]

Runs the gateway with one webhook per endpoint. Faulty ones hang, trickle, redirect, close the connection, answer 500, or
answer with 10 MB. Prints how long healthy endpoints waited for each event, from its `time` until the request was read.
Exits with 1 if the 99.9th percentile is over 5 seconds, or if events are missing.
"""
import argparse
import asyncio
import collections
import datetime
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request

FAULTS = ["hang", "trickle", "redirect", "close", "error", "flood"]
OK = b"HTTP/1.1 204 No Content\r\n\r\n"

waits = []
received = collections.Counter()


async def serve(reader, writer):
    """Answers requests as their path says: /KIND/NUMBER."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = head.decode().lower().split("\r\n")
            length = next((int(f[15:]) for f in fields if f.startswith("content-length:")), 0)
            body = await reader.readexactly(length)
            _, kind, number = fields[0].split(" ")[1].split("/")
            if kind == "good":
                sent = datetime.datetime.fromisoformat(json.loads(body)["time"]).timestamp()
                waits.append(time.time() - sent)
                received[number] += 1
                writer.write(OK)
            elif kind == "hang":
                await asyncio.sleep(3600)
            elif kind == "trickle":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(1000):
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.5)
            elif kind == "redirect":
                writer.write(b"HTTP/1.1 302 Found\r\nLocation: /good/0\r\nContent-Length: 0\r\n\r\n")
            elif kind == "close":
                break
            elif kind == "error":
                writer.write(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
            elif kind == "flood":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
                for _ in range(1000):
                    writer.write(b"x" * 10000)
                    await writer.drain()
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def configuration(port, endpoints, faulty):
    """One webhook per endpoint, the faulty ones spread evenly."""
    lines = ["[events]", 'store = "gateway.db"', "allow_private = true"]
    good = 0
    for number in range(endpoints):
        is_faulty = int((number + 1) * faulty) > int(number * faulty)
        kind = FAULTS[int(number * faulty) % len(FAULTS)] if is_faulty else "good"
        good += not is_faulty
        lines += ["[[events.webhooks]]", f'id = "w{number}"', f'url = "http://127.0.0.1:{port}/{kind}/{number}"', 'events = ["*"]']
    lines += ["[[routes]]", 'path = "/*"', 'respond = { body = "served" }']
    return "\n".join(lines) + "\n", good


def cause(admin):
    """Causes one event."""
    for method in ["POST", "DELETE"]:
        urllib.request.urlopen(urllib.request.Request(f"http://{admin}/drain", method=method), timeout=30).read()


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("program", type=os.path.abspath)
    options.add_argument("--endpoints", type=int, default=1000)
    options.add_argument("--faulty", type=float, default=0.3)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--admin", default="127.0.0.1:23901")
    given = options.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        text, good = configuration(port, given.endpoints, given.faulty)
        pathlib.Path(folder, "gateway.toml").write_text(text)
        log = open(pathlib.Path(folder, "log"), "w")
        program = subprocess.Popen(
            [given.program, "run", "--listen", "127.0.0.1:0", "--admin", given.admin], cwd=folder, stdout=log, stderr=log
        )
        try:
            await asyncio.sleep(3)
            end, events = time.monotonic() + given.seconds, 0
            while time.monotonic() < end:
                await asyncio.to_thread(cause, given.admin)
                events += 1
                await asyncio.sleep(given.seconds / 60)
            for _ in range(300):
                if sum(received.values()) >= good * events:
                    break
                await asyncio.sleep(0.1)
        finally:
            program.terminate()
            program.wait()
    waits.sort()
    expected = good * events
    print(f"{given.endpoints} webhooks, {given.endpoints - good} of them faulty, {events} events; deliveries: {len(waits)} of {expected}")
    for share in [0.5, 0.99, 0.999, 1]:
        print(f"{share:>6.1%}: {waits[min(len(waits) - 1, int(len(waits) * share))] * 1000:8.1f} ms")
    sys.stdout.flush()
    # At once, whatever is still connected.
    os._exit(0 if len(waits) >= expected and waits[int(len(waits) * 0.999)] <= 5 else 1)


asyncio.run(main())
