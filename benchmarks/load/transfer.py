"""Transfers one large body through a proxy and prints the duration.

    transfer.py down|up PORT BYTES FILE      prints "SECONDS COUNT CRC-32" of what arrived at the other end
"""

import os
import socket
import sys
import time
import zlib

CHUNK = 1 << 20


def main():
    direction, port, wanted, path = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = time.monotonic()
        result = down(connection, wanted) if direction == "down" else up(connection, wanted, path)
        print(f"{time.monotonic() - begin:.6f} {result}")


def down(connection, wanted):
    connection.sendall(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % wanted)
    pending = head(connection)
    buffer = memoryview(bytearray(CHUNK))
    count, checksum = len(pending), zlib.crc32(pending)
    while count < wanted:
        taken = connection.recv_into(buffer)
        if taken == 0:
            break
        count += taken
        if wanted <= 64 * CHUNK:
            checksum = zlib.crc32(buffer[:taken], checksum)
    return f"{count} {checksum:08x}"


def up(connection, wanted, path):
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % wanted)
    file, size, sent = os.open(path, os.O_RDONLY), os.stat(path).st_size, 0
    connection.settimeout(None)
    while sent < wanted:
        at = sent % size
        sent += os.sendfile(connection.fileno(), file, at, min(size - at, wanted - sent))
    return head(connection).decode()


def head(connection):
    """Reads the response head. Returns the bytes of the body that arrived with it."""
    received = b""
    while b"\r\n\r\n" not in received or received.startswith(b"HTTP/1.1 100"):
        if received.startswith(b"HTTP/1.1 100") and b"\r\n\r\n" in received:
            received = received.partition(b"\r\n\r\n")[2]
            continue
        piece = connection.recv(65536)
        if not piece:
            sys.exit(f"closed after {received[:200]!r}")
        received += piece
    first, _, body = received.partition(b"\r\n\r\n")
    if not first.startswith(b"HTTP/1.1 200"):
        sys.exit(f"answered {first[:100]!r}")
    return body or (connection.recv(65536) if first.lower().count(b"text/plain") else b"")


main()
