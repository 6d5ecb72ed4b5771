"""A proxy between a client and a site that keeps every byte of every request, and can cut connections."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Recording:
    """Method and path, headers and body of each request. `cut_after`: bytes of PATCH bodies until every connection breaks."""

    address: str = ""
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    cut_after: int | None = None
    patched: int = 0

    def everything(self) -> bytes:
        return b"\n".join(b"%b\n%b\n%b" % (line.encode(), head.encode(), body) for line, head, body in self.requests)

    @property
    def is_cut(self) -> bool:
        return self.cut_after is not None and self.patched >= self.cut_after


@contextmanager
def recording_proxy(site: str) -> Iterator[Recording]:
    """Forwards to `site` until the block ends."""
    recording = Recording()
    target = urlsplit(site)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            recording.requests.append((f"{self.command} {self.path}", str(self.headers), body))
            if self.command == "PATCH":
                recording.patched += len(body)
            if recording.is_cut:
                self.connection.close()
                return
            there = http.client.HTTPConnection(target.hostname or "", target.port)
            there.request(self.command, self.path, body, dict(self.headers))
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)
            there.close()
            self.close_connection = True

    for method in ("GET", "POST", "PATCH", "HEAD", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.forward)

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # connections that are cut

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    recording.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield recording
    finally:
        server.shutdown()
        server.server_close()
