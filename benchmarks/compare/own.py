"""The user's upstream and configuration instead of the built-in ones."""

import dataclasses
from urllib.parse import urlsplit

from peers import GATEWAY
from scenarios import EVERYBODY, Scenario
from verify import Different, ask


def scenario(url):
    """Returns a scenario for the URL, which expects the server's present response, and the server's HOST:PORT."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise Different(f"{url}: write http://HOST:PORT/PATH")
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise Different(f"{url}: the server must be on 127.0.0.1, or the comparison would measure the network")
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
        # A response that changes between requests cannot be compared.
        body=first.body if first.body == second.body else None,
        configuration="plain",
        status=first.status,
        coding=first.fields.get("Content-Encoding", ""),
        own=True,
    )
    return made, f"127.0.0.1:{port}"


def gateway(file):
    """The gateway with that configuration, in its folder, with other addresses."""
    text = file.read_text()
    environment = (("GATEWAY_LISTEN", "@LISTEN@"), ("GATEWAY_ADMIN", "off"))
    if "@UPSTREAM@" in text:
        return dataclasses.replace(GATEWAY, text=text, environment=environment)
    arguments = ("run", "--config", str(file.resolve()))
    return dataclasses.replace(GATEWAY, text=text, arguments=arguments, environment=environment)
