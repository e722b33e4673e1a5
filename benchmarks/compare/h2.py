"""HTTP/2 from clients, over TLS, to an HTTP/1.1 upstream."""

import variants
import wire
from scenarios import EVERYBODY

TITLE = "HTTP/2 from clients, 1 KiB"
PEERS = EVERYBODY
NOTE = "h2load with 16 connections and 8 streams on each, over TLS 1.3. HTTP/1.1 to the upstream. Latency is the mean."


def seconds(peers, options):
    return wire.seconds(peers, options)


def run(peers, options, say):
    plain = variants.scenario("h2")
    kinds = {"request": lambda address, seconds, cores: wire.h2load(address, plain, seconds, cores)}
    return wire.over_tls(peers, options, say, plain, kinds, NOTE)
