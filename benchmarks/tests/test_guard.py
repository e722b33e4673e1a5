"""Tests the guard: parsing callgrind files, and the tolerated drift."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))

import ceilings
from callgrind import Profile
from ceilings import Cost

FILE = """\
version: 1
events: Ir
ob=(1) /lib/libc.so
fn=(1) work
10 5
cfn=(2) swift_allocObject
calls=3 20
10 300
cfn=(3) malloc
calls=1 30
10 80

fn=(2)
20 3
cfn=(4) swift_slowAlloc
calls=3 21
20 290

fn=(4)
21 4
cfn=(3)
calls=3 30
21 240

fn=(5) realloc
40 4
cfn=(3)
calls=2 30
40 160

fn=(6) other'2
50 4
cfn=(5)
calls=2 40
50 160

totals: 12345
"""


class CallgrindTests(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(FILE)
            file.flush()
            self.profile = Profile(file.name)

    def test_counts_instructions(self):
        self.assertEqual(self.profile.instructions, 12345)

    def test_counts_each_allocation_once(self):
        self.assertEqual(self.profile.allocations, 6)

    def test_names_who_asked_behind_the_runtime(self):
        self.assertEqual(dict(self.profile.allocators()), {"work": 4, "other": 2})


class CeilingTests(unittest.TestCase):
    CEILING = Cost(1000, 1)

    def test_lets_a_little_drift_through(self):
        for instructions in (901, 1000, 1099):
            self.assertIsNone(ceilings.verdict(Cost(instructions, 1.2), self.CEILING))

    def test_refuses_more(self):
        self.assertIn("more", ceilings.verdict(Cost(1101, 1), self.CEILING))
        self.assertIn("allocates", ceilings.verdict(Cost(1000, 1.5), self.CEILING))

    def test_knows_what_has_become_cheaper(self):
        self.assertTrue(ceilings.is_cheaper(Cost(899, 1), self.CEILING))
        self.assertTrue(ceilings.is_cheaper(Cost(1000, 0), self.CEILING))
        self.assertFalse(ceilings.is_cheaper(Cost(950, 1.01), self.CEILING))
        self.assertFalse(ceilings.is_cheaper(Cost(950, 1), None))

    def test_knows_what_has_no_ceiling(self):
        self.assertIsNotNone(ceilings.verdict(Cost(1, 0), None))

    def test_leaves_out_what_happens_once(self):
        less, more = Profile.__new__(Profile), Profile.__new__(Profile)
        less.instructions, more.instructions = 5000, 9000
        less.callers, more.callers = {"malloc": {"a": 10}}, {"malloc": {"a": 12}}
        self.assertEqual(Cost.between(less, more, 4), Cost(1000, 0.5))

    def test_reads_back_what_it_wrote(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ceilings.json"
            costs = {"a.b": Cost(12, 0), "c": Cost(3, 1.25)}
            ceilings.write(path, costs)
            self.assertEqual(ceilings.read(path), costs)


if __name__ == "__main__":
    unittest.main()
