"""What is measured: the work, and the answer that every peer has to give to it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str  # also the suffix of the peers' configuration files
    title: str
    peers: tuple  # names from peers.PEERS, the gateway last
    path: str
    body: str  # what the upstream answers
    connections: int

    @property
    def readme_line(self):
        return f"{self.title} on one core"


def text(size):
    """That many bytes without a character that a configuration file would take for something else."""
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return (alphabet * (size // len(alphabet) + 1))[:size]


SCENARIOS = {
    scenario.name: scenario
    for scenario in [
        Scenario(
            name="plain",
            title="Plain proxying of 1 KiB",
            peers=("nginx", "haproxy", "gateway"),
            path="/",
            body=text(1024),
            connections=64,
        ),
    ]
}
