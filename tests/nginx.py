"""nginx with deploy/'s files on this machine: containers' names and folders are replaced, the rest is as it is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.compose import ROOT

FILES = ("plain.conf", "tls.conf", "locations.conf", "proxies.conf")


def prepared(folder: Path, site: str, swaps: Mapping[str, str]) -> list[str]:
    """The command that serves deploy/`site` (plain.conf or tls.conf) with its files below `folder`."""
    for name in FILES:
        text = (ROOT / "deploy" / name).read_text()
        for old, new in {"/etc/nginx/concours/": f"{folder}/", **swaps}.items():
            text = text.replace(old, new)
        (folder / name).write_text(text)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log; user root;\n"
        f"events {{}}\nhttp {{ include /etc/nginx/mime.types; access_log off; client_body_temp_path {folder}/body;"
        f" proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;"
        f" scgi_temp_path {folder}/s; include {folder}/{site}; }}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
