"""Clients that must not notice what happens to the upstreams and the gateway."""

import asyncio
import ssl
from collections import Counter

from clients import read_answer
from pattern import body

CLIENTS = 8
SIZES = [1, 100, 3_000, 40_000]


class SteadyClients:
    """Requests that a correct proxy can always answer, as long as one replica serves."""

    def __init__(self, connect, rng, replicas):
        """`connect` opens a connection to the gateway; its argument is the number of the client."""
        self.connect, self.random, self.replicas = connect, rng, replicas
        self.outcomes, self.wrong = Counter(), []
        self.number = 0

    async def run(self, end):
        await asyncio.gather(*(self.client(index, end) for index in range(CLIENTS)))

    async def client(self, index, end):
        connection = None
        while asyncio.get_running_loop().time() < end:
            if connection is None:
                try:
                    connection = await self.connect(index)
                except OSError as error:
                    self.complain(f"connect: {error}")
                    await asyncio.sleep(0.05)
                    continue
            if not await self.request(*connection):
                connection[1].close()
                connection = None
        if connection:
            connection[1].close()

    def complain(self, what):
        self.outcomes["WRONG"] += 1
        if len(self.wrong) < 20:
            self.wrong.append(what)

    async def request(self, reader, writer):
        self.number += 1
        number, size = self.number, self.random.choice(SIZES)
        kind = self.random.choice(["ok", "chunked"])
        method = self.random.choice(["GET", "GET", "GET", "POST"])
        sent = body(number + 1, size) if method == "POST" else b""
        path = f"/steady/{kind}/{number}/{size}"
        head = f"{method} {path} HTTP/1.1\r\nHost: soak\r\n"
        if sent:
            head += f"Content-Length: {len(sent)}\r\n"
        begun = asyncio.get_running_loop().time()
        try:
            writer.write(head.encode() + b"\r\n" + sent)
            answer = await read_answer(reader)
        except (ConnectionError, ssl.SSLError) as error:
            self.complain(f"{method} {path}: {error!r}")
            return False
        killed = self.replicas.killed_at >= begun - 1
        if answer is None:
            self.complain(f"{method} {path}: no response")
            return False
        if answer.whole and answer.status == 200:
            self.outcomes["whole"] += 1
            if answer.plain() != body(number, size):
                self.complain(f"{method} {path}: another body")
        elif not answer.whole and killed:
            # The target was killed within its response.
            self.outcomes["cut"] += 1
            if not body(number, size).startswith(answer.plain() or b""):
                self.complain(f"{method} {path}: part of another body")
        elif method == "POST" and answer.status == 502 and killed:
            # The target was killed after it had received the request.
            self.outcomes["POST lost"] += 1
        else:
            self.complain(f"{method} {path}: {answer.status}, {len(answer.data)} bytes {bytes(answer.data[:200])} {answer.end}")
        return answer.whole and answer.fields.get("connection") != "close"
