"""What the tests of cassettes share."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import httpx2
import pytest
from ways import way_named


@pytest.fixture
def write(tmp_path):
    """Write a cassette file and give its path."""

    def write_text(text, name="session.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_text


# verify=False: reading the certificates takes longer than a test.
def _ask_sync(module):
    def ask(method, url, **arguments):
        with module.Client(verify=False) as client:
            return client.request(method, url, **arguments)

    return ask


def _ask_async(module):
    def ask(method, url, **arguments):
        async def send():
            async with module.AsyncClient(verify=False) as client:
                return await client.request(method, url, **arguments)

        return asyncio.run(send())

    return ask


ON_HTTPX = {
    "httpx": _ask_sync(httpx),
    "httpx-async": _ask_async(httpx),
    "httpx2": _ask_sync(httpx2),
    "httpx2-async": _ask_async(httpx2),
}
OFF_HTTPX = {name: way_named(name, headers={}).request for name in ("requests", "aiohttp")}


@pytest.fixture(params=(ON_HTTPX | OFF_HTTPX).values(), ids=ON_HTTPX | OFF_HTTPX)
def ask(request):
    """Send a request with each kind of client: ``ask(method, url, content=...)``."""
    return request.param


@pytest.fixture(params=ON_HTTPX.values(), ids=ON_HTTPX)
def httpx_ask(request):
    """Do the same, where the answer is looked at by what httpx alone has."""
    return request.param


@pytest.fixture
def no_network(monkeypatch):
    """Let every attempt to connect fail, and keep a list of them."""
    attempts = []

    def connect(self, address):
        attempts.append(address)
        raise OSError(f"a test connected to {address}")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, connect)
    return attempts


class CountingServer(ThreadingHTTPServer):
    """A server on loopback that answers 200 and counts who came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.seen += 1
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "4")
        self.end_headers()
        self.wfile.write(b"real")

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    """A CountingServer that runs."""
    with CountingServer() as counting:
        thread = threading.Thread(target=counting.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield counting
        counting.shutdown()
        thread.join()
