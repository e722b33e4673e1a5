"""Makes sure that all peers do the same work before any of them is timed."""

import http.client


class Different(Exception):
    pass


def check(title, port, scenario):
    """Two requests on one connection: each answered whole, and the connection kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        for attempt in ("first", "second"):
            connection.request("GET", scenario.path)
            sock = connection.sock
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise Different(f"{title} answers the {attempt} request with {response.status}")
            if body != scenario.body.encode():
                raise Different(f"{title} answers {len(body)} bytes, not the upstream's {len(scenario.body)}")
            if response.getheader("Content-Length") != str(len(scenario.body)):
                raise Different(f"{title} does not pass Content-Length on")
            if connection.sock is not sock:
                raise Different(f"{title} closes the connection after a request")
    except (OSError, http.client.HTTPException) as error:
        raise Different(f"{title} does not answer: {error!r}") from error
    finally:
        connection.close()


def upstream_connections(port):
    """How many connections the upstream has accepted so far."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_connections")
        # Active connections / "server accepts handled requests" / the three numbers
        return int(connection.getresponse().read().split(b"\n")[2].split()[0])
    finally:
        connection.close()
