"""A provider on loopback whose answers a test scripts down to the moment at which each byte leaves."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 10  # seconds until a test that hangs fails


class Exchange:
    """One request at the provider, and the means to answer it."""

    def __init__(self, handler, body):
        self._handler = handler
        self.method = handler.command
        self.path = handler.path
        self.headers = handler.headers
        self.body = body

    def answer(self, body=b"{}", *, status=200, **headers):
        """Send a whole answer; underscores in header names stand for hyphens."""
        self.head(status, content_length=str(len(body)), **headers)
        self._handler.wfile.write(body)

    def head(self, status=200, **headers):
        self._handler.send_response(status)
        for name, value in {**headers, "connection": "close"}.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def send(self, data):
        """Send bytes of the body as they are."""
        self._handler.wfile.write(data)

    def stream(self, **headers):
        self.head(**{"content_type": "text/event-stream", "transfer_encoding": "chunked", **headers})

    def chunk(self, data):
        """Send one chunk; none ends the body."""
        self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def cut(self):
        """Drop the connection."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.close_connection = True
        self.server.script(Exchange(self, body))

    do_GET = do_POST = do_HEAD = _serve

    def log_message(self, format, *args):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the client has left, as some tests want it to


@contextmanager
def provider(script):
    """The address of a provider; ``script`` is called with each Exchange, in a thread of its own."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.script = script
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
