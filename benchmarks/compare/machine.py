"""Describes the machine of a comparison, which is needed to interpret its figures."""

import os
import platform
import subprocess
import time
from pathlib import Path

from peers import ROOT


def describe():
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "system": system(),
        "commit": commit(),
        "load_generator": first_line(["wrk", "-v"]).split(" [")[0],
    }


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def commit():
    """The measured commit, with "+" if files in Sources differ from it."""
    name = first_line(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])
    changed = first_line(["git", "-C", str(ROOT), "status", "--porcelain", "Sources", "Package.swift"])
    return name + ("+" if changed else "")


def first_line(command):
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (result.stdout.strip().splitlines() or [""])[0]


def busy():
    """The load of the last minute, if it is high enough to distort the figures."""
    load = os.getloadavg()[0]
    return load if load > 0.7 else None
