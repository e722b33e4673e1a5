"""The scenarios that are not a load of identical requests. Each module has TITLE, PEERS, seconds() and run()."""

import big
import cores
import idle
import reload
import routes
import start

SCENARIOS = {module.__name__: module for module in (big, idle, routes, cores, start, reload)}
