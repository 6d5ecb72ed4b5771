"""A tiny server of rendered pages and built files under the site's own content policy: no database, no apps."""

import mimetypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:;"
    " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
Answer = tuple[int, dict[str, str], bytes]
Route = Callable[[BaseHTTPRequestHandler], Answer]


@contextmanager
def served(routes: dict[str, Route]) -> Iterator[str]:
    """Serves `routes` (the longest matching prefix answers) beside /static/; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/static/"):
                status, headers, body = _static(path)
            else:
                prefix = max((route for route in routes if path.startswith(route)), key=len, default=None)
                status, headers, body = routes[prefix](self) if prefix else (404, {}, b"")
            self.send_response(status)
            for name, value in {"Content-Security-Policy": POLICY, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: the tests speak."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def page(html: str) -> Route:
    return lambda handler: (200, {"Content-Type": "text/html; charset=utf-8"}, html.encode())


def _static(path: str) -> Answer:
    file = ROOT / path.lstrip("/")
    if not file.is_file():
        return 404, {}, b""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return 200, {"Content-Type": kind}, file.read_bytes()
