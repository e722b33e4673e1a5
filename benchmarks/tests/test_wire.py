"""Tests the scenarios over TLS, HTTP/2 and WebSocket: configurations, the summary of h2load, and the WebSocket load."""

import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

import h2_upstream
import load
import processes
import special
import variants
import verify
import wire
from peers import PEERS
from scenarios import EVERYBODY

H2LOAD = """
Application protocol: h2
finished in 1.00s, 5009.00 req/s, 5.10MB/s
requests: 5009 total, 5137 started, 5009 done, {succeeded} succeeded, {failed} failed, 0 errored, 0 timeout
status codes: {right} 2xx, 0 3xx, {wrong} 4xx, 0 5xx
traffic: 5.10MB (5347000) total, 160.00KB (163840) headers (space savings 90.00%), 4.89MB ({data}) data
                     min         max         mean         sd        +/- sd
time for request:      500us     50.10ms     22.12ms      3.10ms    80.00%
"""


def summary(succeeded=5009, failed=0, right=5009, wrong=0, data=5009 * 1024, text=H2LOAD):
    return text.format(succeeded=succeeded, failed=failed, right=right, wrong=wrong, data=data)


class VariantTests(unittest.TestCase):
    def test_every_variant_fits_the_plain_configuration(self):
        for variant, names in (
            (variants.TLS, EVERYBODY),
            (variants.HTTP2_UPSTREAM, h2_upstream.PEERS),
            (variants.WEBSOCKET, EVERYBODY),
        ):
            for name in names:
                with self.subTest(peer=name):
                    text = variants.configuration(PEERS[name], variant)
                    self.assertEqual(text != PEERS[name].configuration(variants.scenario("plain")), bool(variant[name]))

    def test_a_change_that_does_not_fit_is_an_error(self):
        with self.assertRaises(variants.Unchanged):
            variants.configuration(PEERS["nginx"], {"nginx": (("no such line", ""),)})

    def test_the_scenarios_are_known_by_their_names(self):
        self.assertLessEqual({"tls", "h2", "h2-upstream", "websocket"}, set(special.SCENARIOS))


class H2LoadTests(unittest.TestCase):
    def test_a_faultless_run(self):
        made = wire.parse_h2load(summary(), 1, 1024)
        self.assertEqual((made.requests, made.errors), (5009, {}))
        self.assertAlmostEqual(made.p50_ms, 22.12)

    def test_errors_are_found(self):
        for kind, text in {
            "failed": summary(failed=3),
            "status_errors": summary(right=5000, wrong=9),
            "body_errors": summary(data=5009 * 1000),
            "other_protocol": summary(text=H2LOAD.replace(": h2", ": http/1.1")),
        }.items():
            with self.subTest(kind=kind):
                self.assertIn(kind, wire.parse_h2load(text, 1, 1024).errors)

    def test_without_a_summary_the_run_fails(self):
        with self.assertRaises(verify.Different):
            wire.parse_h2load("connection refused", 1, 1024)


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class CertificateTests(unittest.TestCase):
    def test_certificate_and_key_belong_together(self):
        with tempfile.TemporaryDirectory() as folder:
            wire.make_certificate(Path(folder))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
            context.load_cert_chain(f"{folder}/both.pem")


@unittest.skipUnless(shutil.which("cc"), "cc is not installed")
class WebSocketTests(unittest.TestCase):
    def test_the_load_counts_echoes(self):
        wire.build_websocket()
        port = processes.free_port()
        with tempfile.TemporaryDirectory() as folder:
            server = processes.Server("echo", [str(wire.WEBSOCKET), "serve", str(port)], [0], f"{folder}/log")
            try:
                server.wait_until_listening(port)
                command = [str(wire.WEBSOCKET), "load", "-c", "4", "-d", "0.2", f"127.0.0.1:{port}", "/"]
                made = load.run(command, 1, [0])
                self.assertGreater(made.requests, 4)
                self.assertEqual(made.errors, {})
            finally:
                server.stop()

    def test_a_refused_handshake_is_an_error(self):
        wire.build_websocket()
        port = processes.free_port()
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", folder]
            server = processes.Server("files", command, [0], f"{folder}/log")
            try:
                server.wait_until_listening(port)
                done = subprocess.run(
                    [str(wire.WEBSOCKET), "load", "-c", "1", "-d", "0.2", f"127.0.0.1:{port}", "/"],
                    capture_output=True,
                    text=True,
                    timeout=20,
                )
                self.assertEqual(done.returncode, 1)
                self.assertIn("handshake was refused", done.stderr)
            finally:
                server.stop()


if __name__ == "__main__":
    unittest.main()
