"""TLS towards clients: 1 KiB over kept connections, and a handshake for each request."""

import variants
import wire
from scenarios import EVERYBODY

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
    return wire.over_tls(peers, options, say, plain, kinds, NOTE)
