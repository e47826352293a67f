"""A real server on a real socket that sends the bytes of an engine's answers, to compare the fake with."""

import socket
from contextlib import ExitStack, contextmanager
from threading import Thread

from fakellm._wire.events import Data, Disconnect, Head, Wait, WireRequest

PATH = "/v1/chat/completions"


@contextmanager
def serving(engine):
    """The address of a server that plays an engine's answers, one connection a request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = Thread(target=_accept, args=(listener, engine), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}{PATH}"
        finally:
            with socket.create_connection(("127.0.0.1", port)) as last:
                last.shutdown(socket.SHUT_WR)
            thread.join()


@contextmanager
def refusing():
    """An address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}{PATH}"


@contextmanager
def never_accepting():
    """An address whose queue of connections is full, so that it takes no more."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"


def _accept(listener, engine):
    while True:
        connection, _ = listener.accept()
        with connection:
            request = _read_request(connection)
            if request is None:
                return
            _play(engine.handle(request), connection)


def _read_request(connection):
    """Read one request, or None where the client sends nothing."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65536)):
            return None
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    method, path, _ = lines[0].split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return WireRequest(method, f"http://{headers['host']}{path}", headers, body)


def _play(events, connection):
    is_chunked = False
    for event in events:
        match event:
            case Head():
                is_chunked = event.content_length is None
                connection.sendall(_head(event, is_chunked=is_chunked))
            case Data(data) if data:
                connection.sendall(b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data)
            case Wait(seconds):
                if _is_left(connection, seconds):
                    return
            case Disconnect("read_timeout"):
                _is_left(connection, None)
                return
            case Disconnect():
                return
    if is_chunked:
        connection.sendall(b"0\r\n\r\n")


def _head(head, *, is_chunked):
    headers = [*head.headers, *([("transfer-encoding", "chunked")] if is_chunked else []), ("connection", "close")]
    headers += [("retry-after-ms", "1")] if head.is_retried_at_once else []  # time on a socket is real
    lines = [f"HTTP/1.1 {head.status} Said So", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def _is_left(connection, seconds):
    """Wait so long, or for ever; return whether the client closed the connection meanwhile."""
    connection.settimeout(seconds)
    try:
        return not connection.recv(1)
    except TimeoutError:
        return False
    except ConnectionError:
        return True
