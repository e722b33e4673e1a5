"""The peers' plain configurations, changed for other protocols. Everything else stays as it is in `plain`."""

import dataclasses

from scenarios import SCENARIOS

# TLS towards clients, with HTTP/2 by ALPN. The peers choose ciphers themselves; all of them speak TLS 1.3.
TLS = {
    "nginx": (
        (
            "listen @LISTEN@ backlog=4096;",
            "listen @LISTEN@ ssl http2 backlog=4096;\n"
            "        ssl_certificate @CERTIFICATE@;\n"
            "        ssl_certificate_key @KEY@;\n"
            "        ssl_protocols TLSv1.2 TLSv1.3;\n"
            "        ssl_session_cache shared:tls:1m;",
        ),
    ),
    "haproxy": (
        ("bind @LISTEN@ backlog 4096", "bind @LISTEN@ ssl crt @PEM@ alpn h2,http/1.1 backlog 4096"),
    ),
    "envoy": (
        ("codec_type: HTTP1", "codec_type: AUTO"),
        (
            "    filter_chains:\n    - filters:",
            "    filter_chains:\n"
            "    - transport_socket:\n"
            "        name: envoy.transport_sockets.tls\n"
            "        typed_config:\n"
            '          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\n'
            "          common_tls_context:\n"
            "            alpn_protocols: [h2, http/1.1]\n"
            "            tls_certificates:\n"
            "            - certificate_chain: { filename: @CERTIFICATE@ }\n"
            "              private_key: { filename: @KEY@ }\n"
            "      filters:",
        ),
    ),
    "caddy": (
        ("http://:@LISTEN_PORT@ {", "https://:@LISTEN_PORT@ {\n\ttls @CERTIFICATE@ @KEY@"),
        ("protocols h1", "protocols h1 h2"),
    ),
    "gateway": (
        ('listen = ["@LISTEN@"]', 'listen = ["https://@LISTEN@"]'),
        ("[server.limits]", '[server.tls]\ncertificate = "@CERTIFICATE@"\nkey = "@KEY@"\n\n[server.limits]'),
    ),
}

# HTTP/2 with prior knowledge towards the upstream. Debian's nginx has none.
HTTP2_UPSTREAM = {
    "haproxy": (("server origin @UPSTREAM@", "server origin @UPSTREAM@ proto h2"),),
    "envoy": (
        (
            "    connect_timeout: 5s\n",
            "    connect_timeout: 5s\n"
            "    typed_extension_protocol_options:\n"
            "      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n"
            '        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n'
            "        explicit_http_config: { http2_protocol_options: {} }\n",
        ),
    ),
    "caddy": (("versions 1.1", "versions h2c"),),
    "gateway": (("http://@UPSTREAM@", "h2c://@UPSTREAM@"),),
}

# WebSockets pass HAProxy and Caddy without a setting.
WEBSOCKET = {
    "nginx": (
        (
            'proxy_set_header Connection "";',
            'proxy_set_header Upgrade $http_upgrade;\n            proxy_set_header Connection "upgrade";',
        ),
    ),
    "haproxy": (),
    "envoy": (
        ("stream_idle_timeout: 0s\n", "stream_idle_timeout: 0s\n          upgrade_configs: [{ upgrade_type: websocket }]\n"),
    ),
    "caddy": (),
    "gateway": (('upstream = "origin"', 'upstream = "origin"\nupgrade = ["websocket"]'),),
}


class Unchanged(Exception):
    """The text to replace is not in the peer's plain configuration."""


def scenario(name):
    return dataclasses.replace(SCENARIOS["plain"], name=name, configuration="plain")


def configuration(peer, *variants):
    """The peer's plain configuration with these variants."""
    text = peer.configuration(scenario("plain"))
    for variant in variants:
        for old, new in variant[peer.name]:
            if old not in text:
                raise Unchanged(f"{peer.name}: {old!r}")
            text = text.replace(old, new, 1)
    return text
