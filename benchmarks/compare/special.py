"""The scenarios that are not a load of equal requests. Each module has TITLE, PEERS, seconds() and run()."""

SCENARIOS = {}
