"""The scenarios that are not a load of identical requests. Each module has TITLE, PEERS, seconds() and run()."""

import big
import cores
import h2
import h2_upstream
import idle
import reload
import routes
import start
import tls
import websocket

SCENARIOS = {
    module.__name__.replace("_", "-"): module
    for module in (big, idle, routes, cores, start, reload, tls, h2, h2_upstream, websocket)
}
