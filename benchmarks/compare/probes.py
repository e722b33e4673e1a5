"""What has to be true of a peer besides its answer: that the policies it is compared with are really on."""

import re

from scenarios import decoded
from verify import Different, ask

LOWERED = 5  # requests per second, to see the limit at work
BURST = 40


def run(stage, peer, port, scenario, text):
    """Asks all of the scenario's probes but those whose subject the peer lacks; returns name → why it was not asked."""
    lacking = scenario.lacks.get(peer.name, {})
    for name in scenario.probes:
        if name not in lacking and (complaint := PROBES[name](stage, peer, port, scenario, text)):
            raise Different(f"{peer.title}: {complaint}")
    return lacking


def request_id(stage, peer, port, scenario, text):
    """The client's ID is not believed, and the client and the upstream get the same new one."""
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
        return f"with a limit of {LOWERED} a second, {BURST} requests at once get {sorted(set(statuses))}"
    return None


def compression(stage, peer, port, scenario, text):
    """A large text is compressed where the client allows it, and only there."""
    coded = ask(port, "/large.json", {"Accept-Encoding": "gzip"})
    plain = ask(port, "/large.json")
    if coded.fields.get("Content-Encoding") != "gzip" or "Content-Encoding" in plain.fields:
        return "it does not compress what it may, or what it may not"
    if decoded(coded.body, "gzip") != plain.body:
        return "what it compresses is not what comes out again"
    if "accept-encoding" not in coded.fields.get("Vary", "").lower():
        return "what it compresses has no Vary: Accept-Encoding"
    return None


def metrics(stage, peer, port, scenario, text):
    """They count requests."""
    counts = []
    for _ in range(2):
        answer = ask(port, "/metrics")
        if answer.status != 200:
            return f"metrics are answered with {answer.status}"
        counts.append(answer.body)
        ask(port, scenario.path)
    if counts[0] == counts[1]:
        return "the metrics do not change with a request"
    return None


def changed(stage, peer, port, scenario, text):
    """Another tag, and none, get the whole answer."""
    for headers in ({"If-None-Match": '"v0"'}, {}):
        answer = ask(port, scenario.path, headers)
        if answer.status != 200 or answer.body != scenario.body.encode():
            return f"the request with {headers or 'no condition'} gets {answer.status} and {len(answer.body)} bytes"
    return None


PROBES = {probe.__name__: probe for probe in (request_id, limit, compression, metrics, changed)}
