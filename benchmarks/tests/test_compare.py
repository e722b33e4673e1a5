"""The parts of the comparison that need no server."""

import dataclasses
import sys
import unittest
import xml.dom.minidom
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compare"))

import chart
import load
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
        dataclasses.replace(PEERS[name], binary="true", version_arguments=())  # no peer has to be installed
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


NAMES = "LISTEN LISTEN_PORT ADMIN_PORT UPSTREAM UPSTREAM_HOST UPSTREAM_PORT WORK WORKERS LIMIT BURST".split()
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

    def test_versions_are_shortened(self):
        self.assertEqual(table.version_number("HAProxy version 2.6.12-1 2026/10/17"), "2.6.12-1")
        self.assertEqual(table.version_number("nginx/1.22.1"), "1.22.1")
        self.assertEqual(table.version_number("unknown"), "unknown")


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
