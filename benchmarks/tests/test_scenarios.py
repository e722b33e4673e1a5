"""Tests the requests and the responses that count as correct."""

import gzip
import json
import sys
import tempfile
import unittest
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

import brotli
import index
import measure
import middlewares
import own
import probes
import results
import routes
import scenarios
import special
import verify
from peers import PEERS
from scenarios import SCENARIOS


def answer(scenario, status=None, body=None, **fields):
    """The expected response of the scenario, except for the given values."""
    made = Message()
    plain = scenario.body.encode()
    coded = gzip.compress(plain) if scenario.coding == "gzip" else plain
    right = {**scenario.headers, "Content-Length": str(len(coded))}
    right |= {"Content-Encoding": scenario.coding} if scenario.coding else {}
    for name, value in {**right, **{name.replace("_", "-"): value for name, value in fields.items()}}.items():
        if value is not None:
            made[name] = value
    if body is None:
        body = b"" if scenario.status == 304 else coded
    return verify.Answer(status or scenario.status, made, body)


class VerifyTests(unittest.TestCase):
    def wrong(self, name, **changes):
        return verify.complaint(answer(SCENARIOS[name], **changes), SCENARIOS[name])

    def test_the_right_answers_pass(self):
        for name in ("plain", "chain", "compress-gzip", "not-modified", "limited", "limited-redis", "cache", "cache-64k"):
            with self.subTest(scenario=name):
                self.assertIsNone(self.wrong(name))

    def test_every_deviation_is_found(self):
        for name, changes, found in [
            ("plain", {"status": 502}, "502"),
            ("plain", {"body": b"short"}, "5 bytes"),
            ("plain", {"Content_Length": None}, "Content-Length"),
            ("plain", {"Content_Encoding": "gzip"}, "coding"),
            ("chain", {"X_Content_Type_Options": None}, "X-Content-Type-Options"),
            ("chain", {"Content_Encoding": "gzip"}, "not expected"),
            ("compress-gzip", {"Content_Encoding": None}, "coding"),
            ("compress-gzip", {"body": b"not gzip"}, "decoded"),
            ("compress-gzip", {"body": gzip.compress(b"another")}, "7 bytes"),
            ("not-modified", {"status": 200}, "200"),
            ("not-modified", {"body": b"x"}, "304"),
            ("not-modified", {"ETag": '"v2"'}, "ETag"),
            ("cache", {"Cache_Control": None}, "Cache-Control"),
            ("cache-64k", {"body": b"short"}, "5 bytes"),
        ]:
            with self.subTest(scenario=name, changes=changes):
                self.assertIn(found, self.wrong(name, **changes) or "nothing")

    def test_the_mixture_of_statuses_has_to_be_the_expected_one(self):
        limited = SCENARIOS["limited"]
        self.assertIsNone(verify.wrong_statuses({200: 10, 429: 90}, limited))
        for statuses in ({200: 50, 429: 50}, {429: 100}, {200: 10, 429: 89, 502: 1}, {}):
            with self.subTest(statuses=statuses):
                self.assertIsNotNone(verify.wrong_statuses(statuses, limited))
        self.assertIsNone(verify.wrong_statuses({304: 5}, SCENARIOS["not-modified"]))
        self.assertIsNotNone(verify.wrong_statuses({304: 5, 200: 1}, SCENARIOS["not-modified"]))

    def test_what_is_not_brotli_is_refused(self):
        with self.assertRaises(ValueError):
            brotli.decompress(b"certainly not")


class ScenarioTests(unittest.TestCase):
    def test_the_large_body_is_json_of_its_size(self):
        self.assertEqual(len(scenarios.LARGE), 32 * 1024)
        self.assertGreater(len(json.loads(scenarios.LARGE)), 100)
        self.assertEqual(scenarios.LARGE, scenarios.records(32 * 1024))

    def test_what_a_peer_lacks_is_a_probe_of_the_scenario(self):
        for scenario in SCENARIOS.values():
            for peer, lacking in scenario.lacks.items():
                self.assertIn(peer, scenario.peers)
                self.assertLessEqual(set(lacking), set(scenario.probes))

    def test_latency_is_taken_at_half_of_what_the_slowest_can(self):
        def subject(*rates):
            return SimpleNamespace(runs=[SimpleNamespace(requests_per_second=rate) for rate in rates])

        self.assertEqual(measure.latency_rate([subject(90_000), subject(12_345, 11_999)]), 5_900)
        self.assertEqual(measure.latency_rate([subject(1_033)]), 510)
        self.assertEqual(measure.latency_rate([subject(1)]), 1)

    def test_the_expected_time_counts_both_passes(self):
        once = measure.expected_seconds(SCENARIOS["limited"], 2, 5, 5)
        twice = measure.expected_seconds(SCENARIOS["plain"], 2, 5, 5)
        self.assertAlmostEqual(twice - once, 2 * 5 * 5.3)

    def test_special_scenarios_have_peers_that_exist(self):
        for name, module in special.SCENARIOS.items():
            self.assertNotIn(name, SCENARIOS)
            self.assertLessEqual(set(module.PEERS), set(PEERS))
            self.assertGreater(module.seconds([1], SimpleNamespace(rounds=1, duration=1)), 0)


class CacheProbeTests(unittest.TestCase):
    def probed(self, bodies, counts):
        """What `stored` says of a peer that answers with these bodies, while the upstream counts these requests."""
        counts = iter(counts)
        scenario = SCENARIOS["cache"]
        answers = iter(answer(scenario, body=body) for body in bodies)
        with (
            mock.patch.object(probes, "ask", lambda *_: next(answers)),
            mock.patch.object(probes, "upstream_requests", lambda _: next(counts)),
        ):
            return probes.stored(SimpleNamespace(upstream_port=1), PEERS["gateway"], 2, scenario, "")

    def test_no_request_for_a_stored_response_reaches_the_upstream(self):
        right = scenarios.SMALL.encode()
        self.assertIsNone(self.probed([right] * 3, [7, 8]))
        self.assertIn("2 of 3", self.probed([right] * 3, [7, 10]))
        self.assertIn("another body", self.probed([right, b"short"], [7, 8]))


class GeneratedConfigurationTests(unittest.TestCase):
    def test_each_route_stands_once_in_a_configuration(self):
        for name, text in (("gateway", 'path = "/r{}/*"'), ("nginx", "location /r{}/ {{")):
            made = routes.configuration(PEERS[name], 100)
            for number in (0, 42, 99):
                self.assertEqual(made.count(text.format(number)), 1, name)
            self.assertNotIn('path = "/*"', made)

    def test_only_the_one_middleware_is_on(self):
        text = middlewares.configuration(["etag"])
        self.assertIn("[middleware.etag]", text)
        self.assertNotIn("etag = false", text)
        for name in middlewares.DEFAULTS:
            if name != "etag":
                self.assertIn(f"{name} = false\n", text)
        self.assertEqual(text.count("[middleware."), 1)

    def test_differences_are_taken_within_a_round(self):
        def subject(*costs):
            return SimpleNamespace(runs=[SimpleNamespace(cpu_us=cost) for cost in costs])

        # In the second round, both runs were disturbed.
        rows = middlewares.differences({middlewares.NONE: subject(10, 20, 10), "etag": subject(11, 21, 12)})
        self.assertEqual(rows["etag"][1], results.Spread(1, 1, 2))


class OwnTests(unittest.TestCase):
    def test_only_a_local_plain_url_is_put_under_load(self):
        for url in ("https://127.0.0.1/", "http://example.com/", "127.0.0.1:80", "http://"):
            with self.subTest(url=url), self.assertRaises(verify.Different):
                own.scenario(url)

    def test_a_configuration_stays_where_its_files_are(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "gateway.toml"
            file.write_text("[server]\n")
            peer = own.gateway(file)
            self.assertEqual(peer.arguments[-1], str(file.resolve()))
            self.assertIn(("GATEWAY_LISTEN", "@LISTEN@"), peer.environment)
            file.write_text('targets = ["http://@UPSTREAM@"]')
            self.assertEqual(own.gateway(file).arguments[-1], "@CONFIG@")


class IndexTests(unittest.TestCase):
    def test_each_result_has_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            figures = [
                {"name": name, "title": name.title(), "cpu_us": {"median": cost}}
                for name, cost in (("nginx", 10.0), ("envoy", 30.0), ("gateway", 9.0))
            ]
            document = {"title": "Chain", "machine": {"date": "2026-01-01"}, "results": figures}
            (Path(folder) / "chain.json").write_text(json.dumps(document))
            (Path(folder) / "start.json").write_text(json.dumps({"title": "Start"}))
            index.write(Path(folder))
            written = (Path(folder) / "README.md").read_text()
        self.assertIn("| [Chain](chain.md) | **9.0** | 0.90 | 10.0 | Envoy 30.0 | 2026-01-01 |", written)
        self.assertIn("- [Start](start.md)", written)


if __name__ == "__main__":
    unittest.main()
