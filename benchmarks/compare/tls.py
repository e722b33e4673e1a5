"""TLS towards clients: 1 KiB over kept connections, and a handshake for each request."""

import measure
import variants
import verify
import wire
from scenarios import EVERYBODY
from stage import Stage

TITLE = "TLS from clients, 1 KiB"
PEERS = EVERYBODY
NOTE = (
    "64 connections, TLS 1.3 with a P-256 certificate, HTTP/1.1 on both sides. Handshakes are complete ones: wrk does not "
    "resume sessions. Latency is the median."
)


def seconds(peers, options):
    return wire.seconds(peers, options, kinds=2)


def run(peers, options, say):
    plain = variants.scenario("tls")
    kinds = {
        "request": lambda address, seconds, cores: wire.wrk(address, plain, seconds, cores),
        "handshake and request": lambda address, seconds, cores: wire.wrk(address, plain, seconds, cores, closing=True),
    }
    with Stage() as stage:
        wire.make_certificate(stage.work)
        subjects = []
        for peer in peers:
            server, port = stage.start_peer(peer, variants.configuration(peer, variants.TLS))
            verify.check(peer.title, port, plain, tls=True)
            subjects.append(measure.Subject(peer, port, server))
        say(f"{len(subjects)} give the expected response.")
        runs = wire.rounds(stage, subjects, kinds, options, say)
        return wire.markdown(peers, runs, kinds, options, NOTE), wire.document(peers, runs, kinds)
