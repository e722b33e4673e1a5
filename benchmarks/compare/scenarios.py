"""The scenarios: the work, and the response that every peer must give."""

import gzip
import json
import random
from dataclasses import dataclass, field

import brotli


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    peers: tuple  # names from peers.PEERS, the gateway last
    path: str
    body: str  # the upstream's body, decoded
    connections: int = 64
    configuration: str = ""  # the suffix of the peers' configuration files; empty: the name
    other_configurations: dict = field(default_factory=dict)  # peer → suffix, where it differs
    request: dict = field(default_factory=dict)  # header fields of every request
    status: int = 200
    headers: dict = field(default_factory=dict)  # of every response
    absent: tuple = ()  # header fields that no response may have
    coding: str = ""  # the response's Content-Encoding
    limit: int = 0  # requests per second that the peers let pass; 0: no limit
    rate: int = 0  # offered requests per second; 0: saturation
    shares: dict = field(default_factory=dict)  # status → (min, max) share of the responses; empty: all have the status
    probes: tuple = ()  # names in probes.PROBES: further checks
    redis: bool = False  # whether a Redis server runs beside the upstream
    lacks: dict = field(default_factory=dict)  # peer → {probe: why it is skipped}
    notes: tuple = ()  # sentences below the table
    own: bool = False  # the user's own upstream and configuration
    readme: bool = False  # its figures are in the top README

    def suffix(self, peer):
        return self.other_configurations.get(peer, self.configuration or self.name)


def text(size):
    """That many bytes, without characters that are special in a configuration file."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return (alphabet * (size // len(alphabet) + 1))[:size]


def records(size):
    """JSON of exactly that size, like an API response: repeated keys, different values."""
    source = random.Random(20240229)
    words = "amber birch cedar delta ember fjord grove heron inlet jetty knoll larch maple north otter plume".split()
    items, length = [], 2
    while True:
        item = {
            "id": source.getrandbits(48),
            "name": " ".join(source.choices(words, k=3)),
            "email": f"{source.choice(words)}.{source.getrandbits(20)}@example.com",
            "created": f"2024-{source.randint(1, 12):02}-{source.randint(1, 28):02}T{source.randint(0, 23):02}:00:00Z",
            "balance": round(source.uniform(-1000, 100000), 2),
            "active": source.random() < 0.8,
            "tags": source.sample(words, 3),
        }
        length += len(json.dumps(item)) + 2
        if length > size - 2:
            break
        items.append(item)
    return json.dumps(items).ljust(size)


def decoded(body, coding):
    match coding:
        case "":
            return body
        case "gzip":
            return gzip.decompress(body)
        case "br":
            return brotli.decompress(body)
    raise ValueError(f"{coding} was not requested")


SMALL = text(1024)
LARGE = records(32 * 1024)
CACHED = text(64 * 1024)
EVERYBODY = ("nginx", "haproxy", "envoy", "caddy", "gateway")

POLICY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-XSS-Protection": "0",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

CACHE_NOTES = (
    "All answer from memory: nginx from files in a tmpfs, which it keeps open, the others from the heap. The gateway, "
    "HAProxy and Varnish send `Age`, nginx does not.",
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in [
        Scenario(
            name="plain",
            title="Plain proxying of 1 KiB",
            peers=("nginx", "haproxy", "varnish", "envoy", "caddy", "gateway"),
            path="/",
            body=SMALL,
            readme=True,
            notes=("Varnish is a cache; here it forwards every request.",),
        ),
        Scenario(
            name="chain",
            title="The default chain and a rate limit, 1 KiB",
            peers=EVERYBODY,
            path="/",
            body=SMALL,
            request={"Accept-Encoding": "gzip"},
            headers=POLICY_HEADERS,
            absent=("Content-Encoding",),
            limit=1_000_000,
            probes=("request_id", "limit", "compression", "metrics"),
            lacks={"caddy": {"limit": "its standard build has no rate limit"}},
            notes=(
                "All send a new request ID to client and upstream, count the request against a limit that is never "
                "reached, apply timeouts, send the same security headers, would compress if the type were text, and "
                "update metrics. Caddy has no rate limit in its standard build, so it does less. Envoy's "
                "limit is one bucket for all clients. The gateway's default chain also computes an entity tag, which "
                "no peer does for a proxied response.",
            ),
        ),
        Scenario(
            name="compress-gzip",
            title="Compressing 32 KiB of JSON, gzip 6",
            peers=EVERYBODY,
            path="/large.json",
            body=LARGE,
            configuration="compress",
            request={"Accept-Encoding": "gzip"},
            coding="gzip",
            headers={"Content-Type": "application/json"},
            notes=("Debian builds HAProxy with libslz, which has a single level, faster and weaker than 6.",),
        ),
        Scenario(
            name="compress-br",
            title="Compressing 32 KiB of JSON, brotli 4",
            peers=("nginx", "envoy", "gateway"),
            path="/large.json",
            body=LARGE,
            configuration="compress",
            request={"Accept-Encoding": "br"},
            coding="br",
            headers={"Content-Type": "application/json"},
            notes=("HAProxy and the standard build of Caddy have no Brotli encoder.",),
        ),
        Scenario(
            name="not-modified",
            title="Conditional requests that hit",
            peers=("nginx", "haproxy", "envoy", "caddy", "gateway-passing", "gateway"),
            path="/conditional",
            body=SMALL,
            configuration="plain",
            other_configurations={"gateway": "not-modified"},
            request={"If-None-Match": '"v1"'},
            status=304,
            headers={"ETag": '"v1"'},
            notes=(
                "No peer evaluates `If-None-Match` for a response that it proxies without a cache, so the other lines "
                "show a forwarded 304 of the upstream. In the last line the upstream answers 200 with 1 KiB, and "
                "the gateway generates the 304: more work for the proxy, fewer bytes to the client.",
            ),
            probes=("changed",),
        ),
        Scenario(
            name="limited",
            title="Nine of ten requests over the limit",
            peers=("nginx", "haproxy", "envoy", "gateway"),
            path="/",
            body=SMALL,
            limit=2_000,
            rate=20_000,
            shares={200: (0.05, 0.15), 429: (0.85, 0.95)},
            probes=("limit",),
            notes=(
                "Of 20,000 offered requests per second 2,000 pass: at saturation every peer would reject "
                "a different share. The 429 responses differ. Envoy's limit is one bucket for all clients; Caddy's "
                "standard build has none.",
            ),
        ),
        Scenario(
            name="limited-redis",
            title="Nine of ten requests over a shared limit",
            peers=("nginx", "haproxy", "gateway-memory", "gateway"),
            path="/",
            body=SMALL,
            configuration="limited",
            other_configurations={"gateway": "limited-redis"},
            limit=2_000,
            rate=20_000,
            shares={200: (0.05, 0.15), 429: (0.85, 0.95)},
            probes=("limit",),
            redis=True,
            notes=(
                "In the last line each decision is made by a Redis server, for all gateways together. The others count "
                "in the memory of one process: nginx has no shared limits, and HAProxy's stick tables reach other "
                "HAProxys some time after the decision, so several of them let more requests pass than the limit. The "
                "CPU time of the Redis server is not included.",
            ),
        ),
        Scenario(
            name="cache",
            title="Cache hits, 1 KiB",
            peers=("nginx", "haproxy", "varnish", "gateway"),
            path="/cached",
            body=SMALL,
            configuration="cache",
            headers={"Cache-Control": "max-age=86400"},
            probes=("stored", "validated"),
            lacks={"haproxy": {"validated": "it forwards the complete response"}},
            notes=CACHE_NOTES,
        ),
        Scenario(
            name="cache-64k",
            title="Cache hits, 64 KiB",
            peers=("nginx", "haproxy", "varnish", "gateway"),
            path="/cached-64k",
            body=CACHED,
            configuration="cache",
            other_configurations={"nginx": "cache-64k"},
            headers={"Cache-Control": "max-age=86400"},
            probes=("stored", "validated"),
            lacks={"haproxy": {"validated": "it forwards the complete response"}},
            notes=CACHE_NOTES,
        ),
    ]
}
