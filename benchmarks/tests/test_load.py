"""Tests the open-loop load generator with servers that misbehave in known ways."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

import load

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers the n-th request with answers(n), a list of pieces to send in sequence."""

    def __init__(self, answers):
        self.answers = answers
        self.heads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        pending = b""
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                while b"\r\n\r\n" not in pending:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    pending += piece
                head, _, pending = pending.partition(b"\r\n\r\n")
                with self.lock:
                    number = len(self.heads)
                    self.heads.append(head)
                for piece in self.answers(number):
                    if piece is None:
                        return
                    connection.sendall(piece)

    def close(self):
        self.listener.close()


class SteadyTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        load.build_steady()

    def steady(self, answers, rate=200, seconds=0.5, connections=4, headers=()):
        server = Server(answers)
        self.addCleanup(server.close)
        command = [str(load.STEADY), "-c", str(connections), "-r", str(rate), "-d", str(seconds)]
        command += [part for header in headers for part in ("-H", header)]
        done = subprocess.run(
            [*command, f"127.0.0.1:{server.port}", "/path"], capture_output=True, text=True, timeout=20, check=True
        )
        summary = json.loads(done.stdout.removeprefix("SUMMARY "))
        return load.parse(summary), summary, server

    def test_it_sends_what_the_rate_asks_for(self):
        made, summary, server = self.steady(lambda number: [OK], headers=["X-A: 1", "X-B: 2"])
        self.assertEqual((made.requests, summary["scheduled"], made.errors), (100, 100, {}))
        self.assertEqual(made.statuses, {200: 100})
        self.assertTrue(server.heads[0].startswith(b"GET /path HTTP/1.1\r\nHost: 127.0.0.1"))
        self.assertIn(b"X-A: 1\r\nX-B: 2", server.heads[0])

    def test_a_stall_shows_in_every_request_that_fell_due_meanwhile(self):
        def answers(number):
            if number == 20:
                time.sleep(0.3)
            return [OK]

        # One connection at 200 per second: some 60 of the 100 requests wait; a closed loop would have seen one.
        made, _, _ = self.steady(answers, connections=1)
        self.assertEqual((made.requests, made.errors), (100, {}))
        self.assertGreater(made.p50_ms, 20)
        self.assertGreater(made.max_ms, 290)

    def test_statuses_are_told_apart(self):
        refusal = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
        unchanged = b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1024\r\n\r\n"
        made, _, _ = self.steady(lambda number: [(OK, refusal, unchanged, refusal)[number % 4]])
        self.assertEqual((made.statuses, made.errors), ({200: 25, 304: 25, 429: 50}, {}))

    def test_answers_are_whole_however_they_come(self):
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"
        made, _, _ = self.steady(lambda number: [bytes([byte]) for byte in chunked], rate=40)
        self.assertEqual((made.requests, made.errors), (20, {}))

    def test_what_breaks_is_an_error(self):
        for broken in (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", None],  # cut
            [OK + b"more than was asked for"],
            [b"garbage\r\n\r\n"],
            [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"],
        ):
            with self.subTest(answer=broken[0]):
                made, _, _ = self.steady(lambda number: broken if number == 50 else [OK])
                self.assertGreaterEqual(made.errors.get("read_errors", 0), 1)

    def test_what_is_never_answered_is_an_error(self):
        made, _, _ = self.steady(lambda number: [] if number == 10 else [OK])
        self.assertEqual((made.requests, made.errors), (99, {"timeouts": 1}))

    def test_rate_zero_is_a_closed_loop(self):
        made, _, server = self.steady(lambda number: [OK], rate=0, seconds=0.2)
        self.assertEqual((made.requests, made.errors), (len(server.heads), {}))


class HistogramTests(unittest.TestCase):
    def test_quantiles_are_right_to_one_percent(self):
        source = """
            #include <stdio.h>
            #include "histogram.h"
            int main(void) {
                static struct histogram h;
                for (uint64_t value = 1; value <= 1000000; value++) histogram_add(&h, value * 1000);
                double at[] = {0.001, 0.5, 0.99, 0.999, 1};
                for (int i = 0; i < 5; i++) printf("%.0f ", histogram_quantile(&h, at[i]) / at[i] / 1e9 * 1000);
                struct histogram *top = &h;
                histogram_add(top, UINT64_MAX);
                printf("%d", histogram_quantile(top, 1) > 1.8e19);
            }
        """
        program = load.STEADY.with_name("histogram-test")
        program.parent.mkdir(exist_ok=True)
        command = ["cc", "-x", "c", "-I", str(load.SOURCES), "-o", str(program), "-"]
        subprocess.run(command, input=source, text=True, check=True)
        printed = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(printed[-1], "1")
        for value in printed[:-1]:
            self.assertTrue(995 <= int(value) <= 1010, printed)


if __name__ == "__main__":
    unittest.main()
