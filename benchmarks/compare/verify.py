"""Verifies that all peers do the same work before any of them is measured."""

import http.client
import ssl
from dataclasses import dataclass

from scenarios import decoded


class Different(Exception):
    pass


@dataclass(frozen=True)
class Answer:
    status: int
    fields: object  # http.client.HTTPMessage
    body: bytes


def ask(port, path, headers=None, connection=None):
    mine = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        # Python would add its default Accept-Encoding.
        mine.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            mine.putheader(name, value)
        mine.endheaders()
        response = mine.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        if connection is None:
            mine.close()


def connect(port, tls=False):
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)


def check(title, port, scenario, tls=False):
    """Sends two requests on one connection. Both must get the expected response, and the connection must be kept.
    Returns the raw bytes of the body."""
    connection = connect(port, tls)
    try:
        for attempt in ("first", "second"):
            connection.connect() if connection.sock is None else None
            sock = connection.sock
            answer = ask(port, scenario.path, scenario.request, connection)
            complain = complaint(answer, scenario)
            if complain:
                raise Different(f"{title} answers the {attempt} request {complain}")
            if connection.sock is not sock:
                raise Different(f"{title} closes the connection after a request")
        return len(answer.body)
    except (OSError, http.client.HTTPException) as error:
        raise Different(f"{title} does not answer: {error!r}") from error
    finally:
        connection.close()


def complaint(answer, scenario):
    """The first difference from the expected response, or None."""
    if answer.status != scenario.status:
        return f"with {answer.status}, not {scenario.status}"
    for name, value in scenario.headers.items():
        if value not in (answer.fields.get_all(name) or []):
            return f"with {name}: {answer.fields.get(name)}, not {value}"
    for name in scenario.absent:
        if name in answer.fields:
            return f"with {name}: {answer.fields[name]}, which was not expected"
    if answer.fields.get("Content-Encoding", "") != scenario.coding:
        return f"with the coding {answer.fields.get('Content-Encoding')}, not {scenario.coding or 'none'}"
    if scenario.status == 304:
        return "with a body, which a 304 must not have" if answer.body else None
    if scenario.own:
        return None if answer.body == scenario.body or scenario.body is None else "with another body than the upstream"
    try:
        body = decoded(answer.body, scenario.coding)
    except (ValueError, OSError, EOFError) as error:
        return f"with a body that cannot be decoded: {error}"
    if body != scenario.body.encode():
        return f"with {len(body)} bytes, not the upstream's {len(scenario.body)}"
    if not scenario.coding and answer.fields.get("Content-Length") != str(len(scenario.body)):
        return "without the upstream's Content-Length"
    return None


def upstream_connections(port):
    """How many connections the upstream has accepted so far."""
    return _counters(port)[0]


def upstream_requests(port):
    """How many requests the upstream has received so far, with the one that asks."""
    return _counters(port)[2]


def _counters(port):
    # Active connections / "server accepts handled requests" / the three numbers
    return [int(number) for number in ask(port, "/_connections").body.split(b"\n")[2].split()]


def wrong_statuses(statuses, scenario):
    """The first unexpected share of statuses in a run, or None."""
    total = sum(statuses.values())
    expected = scenario.shares or {scenario.status: (1, 1)}
    if stray := sorted(set(statuses) - set(expected)):
        return f"answers with {', '.join(map(str, stray))}"
    for status, (least, most) in expected.items():
        share = statuses.get(status, 0) / total if total else 0
        if not least <= share <= most:
            return f"{share:.1%} of the responses with {status}"
    return None
