"""WebSockets that stay open while everything else changes. Only the end of a gateway process may close them, with 1001."""

import asyncio
import struct
from collections import Counter

CLIENTS = 4
# The key and the answer of RFC 6455 section 1.3; the echo server knows no other.
HANDSHAKE = (
    "GET /sockets HTTP/1.1\r\nHost: soak\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
BINARY, CLOSE, MASKED = 0x82, 0x88, 0x80
GOING_AWAY = 1001


def frame(opcode, data, mask):
    return bytes([opcode, MASKED | len(data)]) + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


async def read_frame(reader):
    opcode, length = await reader.readexactly(2)
    return opcode, await reader.readexactly(length)


class SocketClients:
    """`connect` opens a connection to the gateway; its argument is the number of the client."""

    def __init__(self, connect, rng):
        self.connect, self.random = connect, rng
        self.outcomes, self.wrong = Counter(), []

    async def run(self, end):
        await asyncio.gather(*(self.client(index, end) for index in range(CLIENTS)))

    def complain(self, what):
        self.outcomes["WRONG"] += 1
        if len(self.wrong) < 20:
            self.wrong.append(what)

    async def client(self, index, end):
        while asyncio.get_running_loop().time() < end:
            writer = None
            try:
                reader, writer = await self.connect(index)
                writer.write(HANDSHAKE)
                head = await reader.readuntil(b"\r\n\r\n")
                if b" 101 " not in head or ACCEPT not in head:
                    self.complain(f"the handshake was refused: {head[:60]}")
                    await asyncio.sleep(0.1)
                    continue
                self.outcomes["opened"] += 1
                await self.converse(reader, writer, end)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.complain(f"cut: {error!r}")
                await asyncio.sleep(0.05)
            finally:
                if writer:
                    writer.close()

    async def converse(self, reader, writer, end):
        """Sends messages until the time is over or the gateway closes."""
        while asyncio.get_running_loop().time() < end:
            message = self.random.randbytes(self.random.randrange(126))
            writer.write(frame(BINARY, message, self.random.randbytes(4)))
            opcode, data = await read_frame(reader)
            if opcode == CLOSE:
                code = struct.unpack(">H", data[:2])[0] if len(data) > 1 else None
                if code != GOING_AWAY:
                    self.complain(f"closed with {code}")
                self.outcomes["told to go"] += 1
                writer.write(frame(CLOSE, data, self.random.randbytes(4)))
                return
            if (opcode, data) != (BINARY, message):
                self.complain("another message came back")
            self.outcomes["echoes"] += 1
            await asyncio.sleep(0.01)
        writer.write(frame(CLOSE, struct.pack(">H", 1000), self.random.randbytes(4)))
        opcode, _ = await read_frame(reader)
        if opcode != CLOSE:
            self.complain("a close was not answered")
