"""An upstream for large bodies: sends as many bytes as the path says, and computes size and checksum of uploads.

    sink.py PORT FILE       GET /BYTES sends the file again and again up to that size; POST answers "COUNT CRC-32"
"""

import os
import re
import socket
import sys
import threading
import zlib

CHUNK = 1 << 20


def serve(connection, file, size):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = memoryview(bytearray(CHUNK))
    pending = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in pending:
                piece = connection.recv(65536)
                if not piece:
                    return
                pending += piece
            head, _, pending = pending.partition(b"\r\n\r\n")
            if head.startswith(b"GET"):
                send(connection, file, size, int(head.split()[1].lstrip(b"/") or 0))
            elif not (length := re.search(rb"^content-length: *(\d+)", head, re.I | re.M)):
                connection.sendall(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            else:
                if re.search(rb"^expect: *100-continue", head, re.I | re.M):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                receive(connection, buffer, pending, int(length[1]))
                pending = b""


def send(connection, file, size, wanted):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % wanted)
    sent = 0
    while sent < wanted:
        at = sent % size
        sent += os.sendfile(connection.fileno(), file, at, min(size - at, wanted - sent))


def receive(connection, buffer, pending, length):
    count, checksum = len(pending), zlib.crc32(pending)
    while count < length:
        taken = connection.recv_into(buffer, min(CHUNK, length - count))
        if taken == 0:
            return
        count += taken
        # The checksum costs more than the transfer, so only small bodies are checked.
        if length <= 64 * CHUNK:
            checksum = zlib.crc32(buffer[:taken], checksum)
    body = b"%d %08x" % (count, checksum)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    file, size = os.open(path, os.O_RDONLY), os.stat(path).st_size
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, file, size), daemon=True).start()


main()
