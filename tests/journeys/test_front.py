"""nginx in front as it is deployed: the HTTPS recipe comes up, and only declared proxies say who the client is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import compose
from tests.core.test_environment import PRODUCTION
from tests.nginx import prepared
from tests.processes import environment, free_port, process
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
NAME = "concours.example.org"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was told of the client."""

    def do_GET(self) -> None:
        answer = {name: self.headers.get_all(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Host")}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_arguments: Any) -> None:
        return


@contextmanager
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def front(folder: Path, site: str, app: str, **more: str) -> Iterator[dict[str, int]]:
    """nginx before `app`; the ports that it answers on."""
    ports = {"http": free_port(), "https": free_port()}
    swaps = {
        "listen 80;": f"listen 127.0.0.1:{ports['http']};",
        "listen 443 ssl;": f"listen 127.0.0.1:{ports['https']} ssl;",
        "web:8000": app,
        "intake:8000": app,
        "storage:7070": app,
        "    http2 on;\n": "",  # a directive of nginx 1.25; this machine's may be older
        "/etc/nginx/certificates/": f"{folder}/",
        **more,
    }
    with process(prepared(folder, site, swaps), dict(os.environ), folder / "nginx.log"):
        wait_until(lambda: answers(f"http://127.0.0.1:{ports['http']}/healthz"), 30, "nginx's first answer")
        yield ports


def answers(address: str) -> bool:
    try:
        return httpx.get(address, headers={"Host": NAME}, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("declared", "address", "scheme"),
    [("", "127.0.0.1", "http"), ("127.0.0.0/8 1;", "198.51.100.7", "https"), ("192.0.2.0/24 1;", "127.0.0.1", "http")],
)
def test_only_declared_proxies_say_who_the_client_is(tmp_path: Path, declared: str, address: str, scheme: str) -> None:
    with echo() as app, front(tmp_path, "plain.conf", app, **{"# 192.0.2.10 1;": declared}) as ports:
        headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https", "Host": NAME}
        json_result = httpx.get(f"http://127.0.0.1:{ports['http']}/", headers=headers).json()
        assert json_result == {"X-Forwarded-For": [address], "X-Forwarded-Proto": [scheme], "Host": [NAME]}


@pytest.mark.slow
@pytest.mark.postgres
def test_the_https_recipe_comes_up_and_its_probe_answers(tmp_path: Path, postgres_database: str) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*words, *files], check=True, capture_output=True)
    port = free_port()
    env = {**environment(tmp_path, f"{postgres_database}?pool=4"), **PRODUCTION}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=compose.ROOT,
        env=env,
        check=True,
    )
    web = compose.command("web", port=str(port))
    with process(web, env, tmp_path / "web.log"):
        probe = [word.replace(":8000/", f":{port}/") for word in compose.services()["web"]["healthcheck"]["test"][1:]]
        assert probe[0] == "python"

        def healthy() -> bool:
            return (
                subprocess.run([sys.executable, *probe[1:]], env=env, capture_output=True, check=False).returncode == 0
            )

        wait_until(healthy, 60, "the compose file's own probe")
        with front(tmp_path, "tls.conf", f"127.0.0.1:{port}") as ports:
            plain = httpx.get(f"http://127.0.0.1:{ports['http']}/accounts/login/", headers={"Host": NAME})
            assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{NAME}/accounts/login/")
            secure = httpx.get(
                f"https://127.0.0.1:{ports['https']}/accounts/login/", headers={"Host": NAME}, verify=False
            )
            assert secure.status_code == 200
            assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")
            assert "Secure" in secure.headers["Set-Cookie"]
            stranger = httpx.get(
                f"https://127.0.0.1:{ports['https']}/", headers={"Host": "evil.example.org"}, verify=False
            )
            assert stranger.status_code == 400
