"""Rounds of a load over another protocol than plain HTTP/1.1: certificates, generators, figures and tables."""

import dataclasses
import re
import shutil
import subprocess
import time

import load
import measure
import results
import variants
import verify
from peers import ROOT, Unavailable
from processes import pinned
from stage import Stage
from verify import Different

SOURCES = ROOT / "benchmarks" / "load"
WEBSOCKET = ROOT / ".build-bench" / "websocket"


# MARK: What is needed


def make_certificate(folder):
    """A certificate with a P-256 key, as a public authority would issue."""
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
    ]
    subprocess.run(need("openssl", "openssl", command), check=True, capture_output=True)
    (folder / "key.pem").chmod(0o644)  # servers that drop their privileges read it too; it protects nothing
    (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())


def build_websocket():
    """Compiles the WebSocket load if it is older than its sources."""
    sources = [SOURCES / "websocket.c", SOURCES / "histogram.h"]
    if WEBSOCKET.exists() and all(source.stat().st_mtime <= WEBSOCKET.stat().st_mtime for source in sources):
        return
    WEBSOCKET.parent.mkdir(exist_ok=True)
    subprocess.run(
        need("cc", "gcc libc6-dev", ["cc", "-O2", "-Wall", "-Wextra", "-o", str(WEBSOCKET), str(sources[0])]),
        check=True,
    )


def need(program, package, command):
    if shutil.which(program) is None:
        raise Unavailable(f"{program} is not installed: apt-get install {package}")
    return command


# MARK: Generators


def wrk(address, scenario, seconds, cores, closing=False):
    """Runs wrk over TLS. With `closing`, each request opens a connection, with a full handshake."""
    command = ["wrk", "-t1", f"-c{scenario.connections}", f"-d{seconds}s", "--latency", "-s", str(load.SUMMARY)]
    command += ["-H", "Connection: close"] if closing else []
    return load.run([*command, f"https://{address}{scenario.path}"], seconds, cores)


def h2load(address, scenario, seconds, cores, connections=16, streams=8):
    """Runs h2load, which negotiates HTTP/2 by ALPN."""
    command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", f"https://{address}{scenario.path}"]
    done = subprocess.run(
        pinned(cores, need("h2load", "nghttp2-client", command)),
        capture_output=True,
        text=True,
        timeout=seconds + 30,
    )
    return parse_h2load(done.stdout, seconds, len(scenario.body))


def parse_h2load(text, seconds, body):
    """Requests that failed, had another status, or a body of another size are errors."""

    def number(pattern):
        found = re.search(pattern, text)
        if not found:
            raise Different(f"h2load printed no summary:\n{text}")
        return int(found[1])

    done = number(r"(\d+) succeeded")
    right = number(r"status codes: (\d+) 2xx")
    errors = {kind: number(rf"(\d+) {kind}") for kind in ("failed", "errored", "timeout")}
    errors["status_errors"] = max(done - right, 0)
    if "Application protocol: h2" not in text:
        errors["other_protocol"] = 1
    # What was on its way when the time was over counts too.
    data = number(r"\((\d+)\) data")
    errors["body_errors"] = int(not done * body <= data <= (done + 10_000) * body)
    mean = re.search(r"time for request:\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", text)
    scale = {"us": 1e-3, "ms": 1, "s": 1e3}
    return load.Load(
        requests=done,
        seconds=seconds,
        p50_ms=float(mean[1]) * scale[mean[2]] if mean else 0,
        p99_ms=0,
        errors={kind: count for kind, count in errors.items() if count},
    )


def websocket(address, seconds, cores, connections=64):
    command = [str(WEBSOCKET), "load", "-c", str(connections), "-d", str(seconds), address, "/"]
    return load.run(command, seconds, cores)


# MARK: Rounds


@dataclasses.dataclass(frozen=True)
class Run:
    requests: int
    requests_per_second: float
    user_us: float
    system_us: float
    p50_ms: float
    p99_ms: float

    @property
    def cpu_us(self):
        return self.user_us + self.system_us


def seconds(peers, options, kinds=1):
    return 5 + len(peers) * (2 + kinds * (1 + options.rounds * (options.duration + 0.5)))


def over_tls(peers, options, say, scenario, kinds, note, *changes, **stage_options):
    """Measures peers that terminate TLS. `changes` are further changes of their configurations. Returns table and
    document."""
    with Stage(**stage_options) as stage:
        make_certificate(stage.work)
        subjects = []
        for peer in peers:
            server, port = stage.start_peer(peer, variants.configuration(peer, variants.TLS, *changes))
            verify.check(peer.title, port, scenario, tls=True)
            subjects.append(measure.Subject(peer, port, server))
        say(f"{len(subjects)} give the expected response.")
        runs = rounds(stage, subjects, kinds, options, say)
        return markdown(peers, runs, kinds, options, note), document(peers, runs, kinds)


def rounds(stage, subjects, kinds, options, say):
    """Runs each generator of `kinds` (name → function of address, seconds and cores) against each subject (peer and
    port and server), interleaved. Returns (peer, kind) → runs."""
    runs = {(subject.peer.name, kind): [] for subject in subjects for kind in kinds}
    for subject in subjects:
        for generate in kinds.values():
            generate(subject.address, 1, stage.load_cores)
    for number in range(1, options.rounds + 1):
        for subject in measure.turned(subjects, number - 1):
            for kind, generate in kinds.items():
                made = faultless(stage, subject, generate, options.duration)
                runs[subject.peer.name, kind].append(made)
                say(
                    f"round {number}/{options.rounds}  {subject.peer.title:8}  {kind:20}  {made.cpu_us:8.2f} µs CPU each  "
                    f"{made.requests_per_second:8,.0f} per second"
                )
    return runs


def faultless(stage, subject, generate, duration):
    for _ in range(measure.TRIES):
        time.sleep(0.2)
        before = subject.server.cpu_time()
        made = generate(subject.address, duration, stage.load_cores)
        spent = subject.server.cpu_time() - before
        if made.requests and not made.errors:
            return Run(
                requests=made.requests,
                requests_per_second=made.requests / made.seconds,
                user_us=spent.user / made.requests * 1e6,
                system_us=spent.system / made.requests * 1e6,
                p50_ms=made.p50_ms,
                p99_ms=made.p99_ms,
            )
    raise Different(f"{subject.peer.title}: {made.errors or 'nothing was answered'}\n{subject.server.output()}")


def document(peers, runs, kinds):
    return {
        "peers": {
            peer.name: {
                "title": peer.title,
                "version": peer.version(),
                "runs": {
                    kind: [dict(dataclasses.asdict(made), cpu_us=made.cpu_us) for made in runs[peer.name, kind]]
                    for kind in kinds
                },
            }
            for peer in peers
        }
    }


def markdown(peers, runs, kinds, options, note):
    """A table for each kind, with the ratio to the first peer."""
    lines = []
    for kind in kinds:
        first = results.Spread.of(made.cpu_us for made in runs[peers[0].name, kind]).median
        lines += [
            f"| {kind} | CPU each, µs | × {peers[0].title} | per second | latency, ms |",
            "|---|--:|--:|--:|--:|",
        ]
        for peer in peers:
            made = runs[peer.name, kind]
            cpu = results.Spread.of(run.cpu_us for run in made)
            rate = results.Spread.of(run.requests_per_second for run in made)
            half = results.Spread.of(run.p50_ms for run in made)
            lines.append(
                f"| {peer.title} | **{cpu.median:.1f}** ({cpu.minimum:.1f}–{cpu.maximum:.1f}) "
                f"| {cpu.median / first:.2f} | {rate.median:,.0f} | {half.median:.2f} |"
            )
        lines.append("")
    return lines + [
        f"Median of {options.rounds} interleaved rounds of {options.duration} s each (minimum–maximum), at saturation. "
        + note
    ]
