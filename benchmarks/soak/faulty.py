"""An upstream whose behavior is selected by the path: /KIND/NUMBER/SIZE. Most kinds are failures."""

import asyncio
import socket
import struct
import sys

from pattern import body

PIECE = 16 * 1024


def chunked(data):
    pieces = (data[start : start + PIECE] for start in range(0, len(data), PIECE))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def head(*fields):
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def whole(data):
    return head(b"Content-Length: %d" % len(data)) + data


async def read_request(reader):
    """The start line and the body; None at the end of the connection."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    fields = dict(line.lower().split(b": ", 1) for line in lines[1:] if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        received = bytearray()
        while size := int((await reader.readline()).split(b";")[0], 16):
            received += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return lines[0], bytes(received)
    return lines[0], await reader.readexactly(int(fields.get(b"content-length", 0)))


async def answer(kind, data, writer):
    """Returns whether the connection is kept."""
    half = data[: len(data) // 2]
    match kind:
        case "ok":
            writer.write(whole(data))
        case "chunked":
            writer.write(head(b"Transfer-Encoding: chunked") + chunked(data) + b"0\r\n\r\n")
        case "slow":
            writer.write(head(b"Transfer-Encoding: chunked"))
            for start in range(0, len(data), len(data) // 4 + 1):
                writer.write(chunked(data[start : start + len(data) // 4 + 1]))
                await asyncio.sleep(0.01)
            writer.write(b"0\r\n\r\n")
        case "eof":
            writer.write(head(b"Connection: close") + data)
            return False
        case "extra":
            writer.write(whole(data) + whole(b"somebody else's"))
        case "gone":
            # Does not announce the close, so the next request may still be sent on this connection.
            writer.write(whole(data))
            return False
        case "junk":
            writer.write(b"nonsense\r\n\r\n")
        case "die":
            return False
        case "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        case "cut":
            writer.write(head(b"Content-Length: %d" % len(data)) + half)
            return False
        case "cutchunk":
            writer.write(head(b"Transfer-Encoding: chunked") + chunked(half))
            return False
        case "badchunk":
            writer.write(head(b"Transfer-Encoding: chunked") + chunked(half) + b"zz\r\n")
        case "stall":
            await asyncio.sleep(5)
            return False
        case "stallbody":
            writer.write(head(b"Content-Length: %d" % len(data)) + half)
            await asyncio.sleep(5)
            return False
    return True


async def serve(reader, writer):
    try:
        while request := await read_request(reader):
            line, received = request
            method, target, _ = line.decode().split(" ")
            _, _, kind, number, size = target.split("/")
            data = body(int(number), int(size))
            if method == "POST" and received != body(int(number) + 1, int(size)):
                writer.write(b"HTTP/1.1 418 Another Body\r\nContent-Length: 0\r\n\r\n")
            elif not await answer(kind, data, writer):
                return
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024, limit=1 << 20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
