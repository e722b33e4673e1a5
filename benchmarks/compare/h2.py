"""HTTP/2 from clients, over TLS, to an HTTP/1.1 upstream."""

import measure
import variants
import verify
import wire
from scenarios import EVERYBODY
from stage import Stage

TITLE = "HTTP/2 from clients, 1 KiB"
PEERS = EVERYBODY
NOTE = "h2load with 16 connections and 8 streams on each, over TLS 1.3. HTTP/1.1 to the upstream. Latency is the mean."


def seconds(peers, options):
    return wire.seconds(peers, options)


def run(peers, options, say):
    plain = variants.scenario("h2")
    kinds = {"request": lambda address, seconds, cores: wire.h2load(address, plain, seconds, cores)}
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
