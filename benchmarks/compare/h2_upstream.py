"""HTTP/2 on both sides: over TLS from clients, with prior knowledge to the upstream."""

import measure
import variants
import verify
import wire
from stage import Stage

TITLE = "HTTP/2 to the upstream, 1 KiB"
PEERS = ("haproxy", "envoy", "caddy", "gateway")
NOTE = (
    "h2load with 16 connections and 8 streams on each, over TLS 1.3; HTTP/2 without TLS to the upstream. Latency is "
    "the mean. nginx 1.22 speaks HTTP/1 to upstreams only."
)


def seconds(peers, options):
    return wire.seconds(peers, options)


def run(peers, options, say):
    plain = variants.scenario("h2-upstream")
    kinds = {"request": lambda address, seconds, cores: wire.h2load(address, plain, seconds, cores)}
    with Stage(speaks_http2=True) as stage:
        wire.make_certificate(stage.work)
        subjects = []
        for peer in peers:
            text = variants.configuration(peer, variants.TLS, variants.HTTP2_UPSTREAM)
            server, port = stage.start_peer(peer, text)
            verify.check(peer.title, port, plain, tls=True)
            subjects.append(measure.Subject(peer, port, server))
        say(f"{len(subjects)} give the expected response.")
        runs = wire.rounds(stage, subjects, kinds, options, say)
        return wire.markdown(peers, runs, kinds, options, NOTE), wire.document(peers, runs, kinds)
