"""Checks of a peer beyond its response: that the compared policies are really active."""

import re

from scenarios import decoded
from verify import Different, ask, upstream_requests

LOWERED = 5  # requests per second, low enough to observe the limit
BURST = 40


def run(stage, peer, port, scenario, text):
    """Runs the scenario's probes except those for missing features. Returns name → why it was skipped."""
    lacking = scenario.lacks.get(peer.name, {})
    for name in scenario.probes:
        if name not in lacking and (complaint := PROBES[name](stage, peer, port, scenario, text)):
            raise Different(f"{peer.title}: {complaint}")
    return lacking


def request_id(stage, peer, port, scenario, text):
    """The client's ID is replaced, and client and upstream get the same new one."""
    seen = set()
    for _ in range(2):
        answer = ask(port, "/_received", {"X-Request-ID": "from-the-client"})
        told = answer.fields.get_all("X-Request-ID") or []
        received = re.search(rb"^x-request-id: (.*)$", answer.body, re.M)
        if len(told) != 1 or not received or received[1].decode() != told[0]:
            return f"the client gets the request ID {told}, the upstream {received and received[1]}"
        seen.add(told[0])
    if len(seen) != 2 or "from-the-client" in seen:
        return f"the request ID is not new with each request: {seen}"
    return None


def limit(stage, peer, port, scenario, text):
    """With a low limit, some of a burst pass and the others get 429."""
    server, lowered = stage.start_peer(peer, text, LOWERED)
    try:
        statuses = [ask(lowered, scenario.path, scenario.request).status for _ in range(BURST)]
    finally:
        server.stop()
    if set(statuses) != {200, 429} or statuses[0] != 200:
        return f"with a limit of {LOWERED} per second, {BURST} requests at once get {sorted(set(statuses))}"
    return None


def compression(stage, peer, port, scenario, text):
    """A large text is compressed only if the client allows it."""
    coded = ask(port, "/large.json", {"Accept-Encoding": "gzip"})
    plain = ask(port, "/large.json")
    if coded.fields.get("Content-Encoding") != "gzip" or "Content-Encoding" in plain.fields:
        return "it does not compress when it should, or compresses when it must not"
    if decoded(coded.body, "gzip") != plain.body:
        return "the decoded body differs from the original"
    if "accept-encoding" not in coded.fields.get("Vary", "").lower():
        return "a compressed response has no Vary: Accept-Encoding"
    return None


def metrics(stage, peer, port, scenario, text):
    """The metrics count requests."""
    counts = []
    for _ in range(2):
        answer = ask(port, "/metrics")
        if answer.status != 200:
            return f"the metrics request is answered with {answer.status}"
        counts.append(answer.body)
        ask(port, scenario.path)
    if counts[0] == counts[1]:
        return "the metrics do not change with a request"
    return None


def changed(stage, peer, port, scenario, text):
    """Requests with another tag, or without one, get the complete response."""
    for headers in ({"If-None-Match": '"v0"'}, {}):
        answer = ask(port, scenario.path, headers)
        if answer.status != 200 or answer.body != scenario.body.encode():
            return f"the request with {headers or 'no condition'} gets {answer.status} and {len(answer.body)} bytes"
    return None


def stored(stage, peer, port, scenario, text):
    """The upstream does not see requests for a stored response."""
    before = upstream_requests(stage.upstream_port)
    for _ in range(3):
        if ask(port, scenario.path).body != scenario.body.encode():
            return "a stored response has another body"
    # Reading the counter is a request, too.
    if sent := upstream_requests(stage.upstream_port) - before - 1:
        return f"{sent} of 3 requests for a stored response reach the upstream"
    return None


def validated(stage, peer, port, scenario, text):
    """The stored response answers conditions."""
    answer = ask(port, scenario.path, {"If-None-Match": '"v1"'})
    if answer.status != 304 or answer.body:
        return f"a condition that matches is answered with {answer.status}"
    return None


PROBES = {
    probe.__name__: probe for probe in (request_id, limit, compression, metrics, changed, stored, validated)
}
