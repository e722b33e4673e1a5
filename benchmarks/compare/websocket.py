"""WebSockets: messages of 64 bytes that an upstream echoes."""

import measure
import variants
import wire
from processes import free_port
from scenarios import EVERYBODY
from stage import Stage

TITLE = "WebSockets, echoed messages of 64 bytes"
PEERS = EVERYBODY
NOTE = "64 WebSockets, each with one message on its way. One message up and its echo down count as one. Latency is the median."


def seconds(peers, options):
    return wire.seconds(peers, options)


def run(peers, options, say):
    wire.build_websocket()
    kinds = {"echo": wire.websocket}
    with Stage(upstream=f"127.0.0.1:{free_port()}") as stage:
        port = int(stage.given.rpartition(":")[2])
        stage.start("echo", "", [str(wire.WEBSOCKET), "serve", str(port)], port, stage.load_cores)
        subjects = []
        for peer in peers:
            server, listening = stage.start_peer(peer, variants.configuration(peer, variants.WEBSOCKET))
            # The load itself checks the handshake and each echo.
            subjects.append(measure.Subject(peer, listening, server))
        runs = wire.rounds(stage, subjects, kinds, options, say)
        return wire.markdown(peers, runs, kinds, options, NOTE), wire.document(peers, runs, kinds)
