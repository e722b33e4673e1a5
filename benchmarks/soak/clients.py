"""Clients that verify responses byte by byte, and sometimes leave in the middle."""

import asyncio
import random
import zlib
from collections import Counter

from pattern import body

# The valid outcomes per kind of request: a complete response, error statuses of the gateway, a visible cut.
EXPECTED = {
    "ok": {"whole"},
    "chunked": {"whole"},
    "slow": {"whole"},
    "eof": {"whole"},
    "extra": {"whole"},
    "gone": {"whole"},
    "junk": {502},
    "die": {502},
    "reset": {502},
    "cut": {502, "cut"},
    "cutchunk": {502, "cut"},
    "badchunk": {502, "cut"},
    "stall": {504},
    "stallbody": {504, "cut"},
}
KINDS = ["ok", "chunked"] * 6 + ["slow", "eof", "extra", "gone"] * 2 + list(EXPECTED)[6:12]
SIZES = [1, 100, 3_000, 40_000, 300_000]


class Answer:
    def __init__(self, status, fields, data, whole):
        self.status, self.fields, self.data, self.whole = status, fields, data, whole
        self.end = ""  # why it ended before it was complete

    def plain(self):
        """The decoded body, as far as it arrived."""
        if self.fields.get("content-encoding") != "gzip":
            return self.data
        decoder = zlib.decompressobj(31)
        data = decoder.decompress(self.data)
        return data if decoder.eof or not self.whole else None


async def read_answer(reader):
    """Returns None if the connection ended without a head."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    answer = Answer(int(lines[0].split(" ")[1]), fields, bytearray(), False)
    try:
        if answer.status != 304 and fields.get("transfer-encoding") == "chunked":
            while size := int(await reader.readuntil(b"\r\n"), 16):
                answer.data += await reader.readexactly(size)
                await reader.readexactly(2)
            await reader.readexactly(2)
        elif answer.status != 304:
            answer.data += await reader.readexactly(int(fields["content-length"]))
        answer.whole = True
    except asyncio.IncompleteReadError as error:
        answer.data += error.partial
        answer.end = "the connection ended"
    except (ConnectionError, ValueError) as error:
        answer.end = repr(error)
    return answer


class Clients:
    """Sends requests until `end`, in loop time."""

    def __init__(self, port, files, seed, end):
        self.port, self.files, self.end = port, files, end
        self.random = random.Random(seed)
        self.started, self.completed = Counter(), Counter()
        self.outcomes, self.wrong = Counter(), []
        self.number = 0

    async def run(self, count):
        await asyncio.gather(*(self.client() for _ in range(count)))

    async def client(self):
        connection = None
        while asyncio.get_running_loop().time() < self.end:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            choose = self.random.choices([self.faulty, self.file, self.leave], [6, 3, 1])[0]
            try:
                stays = await choose(*connection)
            except ConnectionError:
                # The connection was closed after the previous response, before the request arrived.
                self.outcomes["connection closed"] += 1
                stays = False
            if not stays:
                connection[1].close()
                connection = None
        if connection:
            connection[1].close()

    def complain(self, what, path=None):
        self.outcomes["WRONG"] += 1
        if len(self.wrong) < 20:
            self.wrong.append((what, path))

    def faulty_request(self):
        self.number += 1
        kind = self.random.choice(KINDS)
        if self.random.random() < 0.003:
            kind = self.random.choice(["stall", "stallbody"])
        size = self.random.choice(SIZES) if self.random.random() > 0.01 else 4_000_000
        route = "stalling" if kind.startswith("stall") else "faulty"
        method = self.random.choice(["GET", "GET", "POST"])
        lines = [f"{method} /{route}/{kind}/{self.number}/{size} HTTP/1.1", "Host: soak"]
        if self.random.random() < 0.5:
            lines.append("Accept-Encoding: gzip")
        sent = body(self.number + 1, size) if method == "POST" else b""
        if method == "POST":
            lines.append(f"Content-Length: {size}")
        self.started[route] += 1
        return lines[0].split(" ")[1], kind, method, size, ("\r\n".join(lines) + "\r\n\r\n").encode() + sent

    async def faulty(self, reader, writer):
        path, kind, method, size, request = self.faulty_request()
        number = self.number
        writer.write(request)
        answer = await read_answer(reader)
        if answer is None:
            self.complain(f"{method} {path}: no response", path)
            return False
        self.completed[path.split("/")[1]] += 1
        expected = body(number, size)
        outcome = "cut" if not answer.whole else "whole" if answer.status == 200 else answer.status
        allowed = EXPECTED[kind]
        # A POST is not retried if the connection was closed after the previous response.
        if method == "POST":
            allowed = allowed | {502}
        if outcome not in allowed:
            self.complain(
                f"{method} {path}: {answer.status}, {outcome}; {len(answer.data)} bytes as "
                f"{answer.fields.get('content-encoding', 'they are')} {answer.end}",
                path,
            )
        elif outcome == "whole" and answer.plain() != expected:
            self.complain(f"{method} {path}: another body", path)
        elif outcome == "cut" and answer.status == 200 and not expected.startswith(answer.plain() or b""):
            self.complain(f"{method} {path}: part of another body", path)
        self.outcomes[outcome] += 1
        return answer.whole and answer.fields.get("connection") != "close"

    async def file(self, reader, writer):
        name = self.random.choices(list(self.files), [20, 1])[0]
        gzip = self.random.random() < 0.5
        self.started["files"] += 1
        lines = [f"GET /{name} HTTP/1.1", "Host: soak"] + (["Accept-Encoding: gzip"] if gzip else [])
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await read_answer(reader)
        if answer is None or not answer.whole or answer.status != 200 or answer.plain() != self.files[name]:
            self.complain(f"file {name}: {answer and answer.status}")
            return False
        self.completed["files"] += 1
        self.outcomes["files"] += 1
        if answer.fields.get("connection") == "close":
            return False
        self.started["files"] += 1
        lines.append(f"If-None-Match: {answer.fields['etag']}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = await read_answer(reader)
        if answer is None or answer.status != 304:
            self.complain(f"file {name} with its tag: {answer and answer.status}")
            return False
        self.completed["files"] += 1
        self.outcomes["files"] += 1
        return answer.fields.get("connection") != "close"

    async def leave(self, reader, writer):
        """Leaves during the request or the response, with or without a reset."""
        request = self.faulty_request()[-1]
        inside = self.random.random() < 0.5
        writer.write(request[: self.random.randrange(1, len(request))] if inside else request)
        if not inside:
            try:
                await asyncio.wait_for(reader.read(self.random.choice([1, 1000, 100_000])), 0.05)
            except asyncio.TimeoutError:
                pass
        if self.random.random() < 0.5:
            writer.transport.abort()
        self.outcomes["left"] += 1
        return False
