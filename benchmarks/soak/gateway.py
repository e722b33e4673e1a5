"""The gateway as a process: its resource usage and its metrics."""

import re
import urllib.request
from pathlib import Path

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"')


def resident(pid):
    """The memory in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def open_files(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def metrics(port):
    """All samples: (name, labels) → value."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    samples = {}
    for line in text.splitlines():
        if found := SAMPLE.match(line):
            samples[found[1], frozenset(LABEL.findall(found[2] or ""))] = float(found[3])
    return samples


def total(samples, name, **labels):
    """The sum of a metric's series that have these labels."""
    asked = set(labels.items())
    return int(sum(value for (metric, has), value in samples.items() if metric == name and asked <= has))
