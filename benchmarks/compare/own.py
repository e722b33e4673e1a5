"""The user's own upstream and configuration in place of the built-in ones."""

import dataclasses
from urllib.parse import urlsplit

from peers import GATEWAY
from scenarios import EVERYBODY, Scenario
from verify import Different, ask


def scenario(url):
    """The request of that URL, to be answered as its server answers it; and the server's HOST:PORT."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise Different(f"{url}: give http://HOST:PORT/PATH")
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise Different(f"{url}: only a server on 127.0.0.1 is put under load; the network would be measured else")
    port = parts.port or 80
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        first, second = ask(port, path), ask(port, path)
    except OSError as error:
        raise Different(f"{url} does not answer: {error}") from error
    made = Scenario(
        name="own",
        title=f"Proxying of {url}",
        peers=EVERYBODY,
        path=path,
        # An answer that changes by itself cannot be compared.
        body=first.body if first.body == second.body else None,
        configuration="plain",
        status=first.status,
        coding=first.fields.get("Content-Encoding", ""),
        own=True,
    )
    return made, f"127.0.0.1:{port}"


def gateway(file):
    """The gateway with that configuration, where it stands, but for its addresses."""
    text = file.read_text()
    environment = (("GATEWAY_LISTEN", "@LISTEN@"), ("GATEWAY_ADMIN", "off"))
    if "@UPSTREAM@" in text:
        return dataclasses.replace(GATEWAY, text=text, environment=environment)
    arguments = ("run", "--config", str(file.resolve()))
    return dataclasses.replace(GATEWAY, text=text, arguments=arguments, environment=environment)
