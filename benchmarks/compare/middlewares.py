"""The cost of each middleware: the gateway with one at a time, compared with the gateway without any."""

import dataclasses
import subprocess
import tempfile
from pathlib import Path

import results
from peers import GATEWAY, fill_in
from scenarios import SCENARIOS, SMALL, Scenario

# On by default, so it is switched off explicitly.
DEFAULTS = (
    *("request_id", "metrics", "access_log", "timeout", "security_headers", "compression", "etag", "errors"),
)

# Name → table. An empty table keeps the defaults.
TABLES = {
    "request_id": "",
    "metrics": "",
    "access_log": "",
    "server_timing": "",
    "timeout": "",
    "security_headers": "",
    "ip": 'deny = ["192.0.2.0/24"]',
    "cors": 'origins = ["https://app.example.com"]',
    "rate_limit": 'limit = "1000000/second"',
    "concurrency": "max_in_flight = 1000",
    "limits": 'body = "10MiB"',
    "headers": 'request = { set = { "X-Added" = "1" } }\nresponse = { set = { "X-Added" = "1" } }',
    "compression": "",
    "etag": "",
    "retry": "",
    "errors": "",
}
NONE, ALL = "none", "default chain and rate_limit"

SCENARIO = Scenario(
    name="middlewares",
    title="What each middleware costs",
    peers=(),
    path="/",
    body=SMALL,
    request={"Accept-Encoding": "gzip", "Origin": "https://app.example.com"},
    limit=1_000_000,
    notes=(
        "The gateway proxies 1 KiB, which is not compressed, with one middleware at a time. "
        "The difference is the cost of an accepted request; `access_log` writes to a file.",
    ),
)


def configuration(names):
    """The plain configuration with these middlewares."""
    text = GATEWAY.template(SCENARIOS["plain"]).read_text()
    head, _, rest = text.partition("[middleware]\n")
    tail = rest[rest.index("[upstreams.origin]") :]
    off = "".join(f"{name} = false\n" for name in DEFAULTS if name not in names)
    tables = "".join(f"[middleware.{name}]\n{TABLES[name]}\n\n" for name in names)
    if "access_log" in names:
        head = head.replace('access = "off"', 'access = "@WORK@/access.log"').replace('"warning"', '"info"')
    return f"{head}[middleware]\n{off}\n{tables}{tail}"


def accepted(text):
    """Whether this binary supports the configuration."""
    marks = {"@LISTEN@": "127.0.0.1:1", "@UPSTREAM@": "127.0.0.1:2", "@WORKERS@": "1", "@WORK@": "/tmp"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.toml"
        file.write_text(fill_in(text, marks))
        command = [GATEWAY.executable(), "check", "--config", str(file)]
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0


def peers(say):
    """One peer per configuration that the binary accepts, starting with the one without middlewares."""
    chain = [name for name in DEFAULTS if name != "access_log"] + ["rate_limit"]
    wanted = {NONE: [], **{name: [name] for name in TABLES}, ALL: chain}
    found = []
    for title, names in wanted.items():
        text = configuration(names)
        if accepted(text):
            found.append(dataclasses.replace(GATEWAY, name=title, title=title, text=text, kin="gateway"))
        elif title == NONE:
            raise SystemExit(f"compare: {GATEWAY.binary} rejects the plain configuration")
        else:
            say(f"{title}: skipped, the binary rejects its configuration")
    return found


def differences(subjects):
    """title → (CPU time per request, its difference from none in the same round: median, min, max), microseconds."""
    base = [run.cpu_us for run in subjects[NONE].runs]
    rows = {}
    for title, subject in subjects.items():
        own = [run.cpu_us for run in subject.runs]
        rows[title] = results.Spread.of(own), results.Spread.of(mine - none for mine, none in zip(own, base))
    return rows


def to_markdown(subjects, rounds, duration, facts):
    lines = [
        f"# {SCENARIO.title}",
        "",
        "| middleware | CPU per request, µs | above none | min–max | × none |",
        "|---|--:|--:|--:|--:|",
    ]
    rows = differences(subjects)
    none = rows[NONE][0].median
    for title, (own, above) in rows.items():
        name = f"`{title}`" if title in TABLES else title
        extra = f"{above.median:+.2f} | {above.minimum:+.2f} – {above.maximum:+.2f}" if title != NONE else " | "
        lines.append(f"| {name} | {own.median:.2f} | {extra} | {own.median / none:.2f} |")
    lines += [
        "",
        *SCENARIO.notes,
        "",
        f"{rounds} interleaved rounds of {duration} s each, {SCENARIO.connections} connections, at saturation. "
        "The difference is computed within each round, from the run without middlewares. The table shows its median. "
        "If minimum and maximum have different signs, the cost cannot be distinguished from noise.",
        "",
        *facts,
        "- Repeat with `python3 benchmarks/compare --middlewares`. Every run: [middlewares.json](middlewares.json)",
    ]
    return "\n".join(lines) + "\n"


def to_json(subjects, rounds, duration, machine):
    document = {
        "title": SCENARIO.title,
        "rounds": rounds,
        "seconds_a_run": duration,
        "machine": machine,
        "middlewares": {
            title: {
                "cpu_us": dataclasses.asdict(own),
                "above_none_us": dataclasses.asdict(above),
                "runs": [dataclasses.asdict(run) for run in subjects[title].runs],
            }
            for title, (own, above) in differences(subjects).items()
        },
    }
    return results.as_json(document)
