"""HTTP/2 on both sides: over TLS from clients, with prior knowledge to the upstream."""

import variants
import wire

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
    return wire.over_tls(peers, options, say, plain, kinds, NOTE, variants.HTTP2_UPSTREAM, speaks_http2=True)
