"""Connections: one is used again, as many are made as calls are in flight at once, and none is left behind."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread

import pytest

from strati.models.hosted.transport import Transport, Unsent


class Ports(BaseHTTPRequestHandler):
    """Replies with the port a request came from; /meet waits until two requests are here."""

    protocol_version = "HTTP/1.1"
    both = Barrier(2, timeout=10)

    def do_GET(self) -> None:
        if self.path == "/meet":
            self.both.wait()
        body = json.dumps(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ports)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(transport: Transport, url: str) -> int:
    return int(transport.send("GET", url, None, seconds=10).json)


def test_a_connection_is_used_again(url: str) -> None:
    transport = Transport()
    assert len({ask(transport, url) for _ in range(5)}) == 1
    transport.close()


def test_there_are_as_many_connections_as_calls_at_once(url: str) -> None:
    transport = Transport()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            first, second = pool.map(lambda _: ask(transport, f"{url}/meet"), range(2))
            assert first != second
    assert len(transport._all) == len(transport._idle) == 2
    transport.close()


def test_closed_connections_are_not_used_and_new_ones_can_be_made(url: str) -> None:
    transport = Transport()
    before = ask(transport, url)
    transport.close()
    assert transport._all == transport._idle == []
    assert ask(transport, url) != before
    transport.close()


def test_a_call_that_fails_leaves_its_client_for_the_next(url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    transport = Transport()
    for _ in range(3):
        with pytest.raises(Unsent, match="no server answers at "):
            ask(transport, nobody)
    assert ask(transport, url)
    assert len(transport._all) == 1
    transport.close()
