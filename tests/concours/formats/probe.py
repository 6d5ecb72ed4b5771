"""Functions that a test runs inside the child, to see what it can reach; plain Python, no test framework."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import numpy as np

from concours.formats.fault import gettext_noop, refuse


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error))


def _tried(action: Any) -> str:
    try:
        action()
    except OSError as error:
        return _name(error)
    return "allowed"


def try_sockets() -> dict[str, str]:
    families = {"AF_INET": socket.AF_INET, "AF_INET6": socket.AF_INET6, "AF_UNIX": socket.AF_UNIX}
    return {name: _tried(lambda f=family: socket.socket(f)) for name, family in families.items()}


def environment() -> list[str]:
    return sorted(os.environ)


def read(path: str) -> str:
    try:
        with open(path) as handle:
            return handle.read()
    except OSError as error:
        return _name(error)


def listing(path: str) -> list[str] | str:
    try:
        return os.listdir(path)
    except OSError as error:
        return _name(error)


def write(path: str) -> str:
    try:
        with open(path, "w") as handle:
            handle.write("x")
    except OSError as error:
        return _name(error)
    return "written"


def write_much(path: str, size: int) -> str:
    try:
        with open(path, "wb", buffering=0) as handle:
            handle.writelines(bytes(1 << 16) for _ in range(size >> 16))
    except OSError as error:
        return _name(error)
    return "written"


def open_many(folder: str) -> int:
    handles = []
    try:
        for i in range(1000):
            handles.append(open(f"{folder}/{i}", "w"))  # noqa: SIM115 - to run out of them
    except OSError:
        pass
    count = len(handles)
    for handle in handles:
        handle.close()
    return count


def try_processes(parent: int) -> dict[str, str]:
    libc = ctypes.CDLL(None, use_errno=True)

    def call(*arguments: int) -> None:
        if libc.syscall(*arguments) < 0:
            raise OSError(ctypes.get_errno(), "syscall")

    trace = 101 if sys.byteorder and os.uname().machine == "x86_64" else 117
    return {
        "fork": _tried(os.fork),
        "program": _tried(lambda: os.execv("/bin/true", ["true"])),
        "subprocess": _tried(lambda: subprocess.run(["true"], check=False)),
        "signal": _tried(lambda: os.kill(parent, signal.SIGCONT)),
        "trace": _tried(lambda: call(trace, 16, parent, 0, 0)),
        "namespace": _tried(lambda: call(272 if os.uname().machine == "x86_64" else 97, 0x10000000)),
    }


def take(size: int) -> int:
    return int(np.ones(size, np.uint8).nbytes)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def spin() -> None:
    while True:
        pass


def crash() -> None:
    ctypes.string_at(0)


def make_and_crash(folder: str) -> None:
    os.mkdir(f"{folder}/made")
    with open(f"{folder}/made/part", "w") as handle:
        handle.write("x")
    crash()


def write_too_much(path: str) -> None:
    with open(path, "wb") as handle:
        handle.write(bytes(2 << 20))


def defect() -> float:
    return 1 / 0


def refused() -> None:
    raise refuse("wrong_format", "row 3", gettext_noop("Row %(row)s is wrong."), row=3)


def echo(value: Any) -> Any:
    return value


def an_object() -> object:
    return object()


def answer_with(attack: str) -> None:
    """Write to the answer's socket directly, as machine code inside a broken decoder could."""
    import json
    import pickle
    import stat
    import struct

    channel = next(fd for fd in range(3, 64) if _is_socket(fd, stat))
    array = {"buffers": [4], "tree": {"result": {"__array__": [0, "<f8", [1 << 40]]}}}
    fault = {"buffers": [], "tree": {"faults": [{"reason": "nonsense", "where": 1, "template": "%s" * 9}, 7]}}
    messages = {
        "garbage": b"\xff" * 100,
        "huge_claim": struct.pack("<QQ", 1 << 62, 1 << 62),
        "not_json": struct.pack("<QQ", 5, 0) + b"{{{{{",
        "deep_json": struct.pack("<QQ", 200_000, 0) + b"[" * 200_000,
        "bad_array": _framed(json.dumps(array).encode(), bytes(4)),
        "pickle": struct.pack("<QQ", 40, 0) + pickle.dumps(print).ljust(40),
        "bad_fault": _framed(json.dumps(fault).encode(), b""),
    }
    os.write(channel, messages[attack])
    os._exit(0)


def _framed(document: bytes, payload: bytes) -> bytes:
    import struct

    return struct.pack("<QQ", len(document), len(payload)) + document + payload


def _is_socket(fd: int, stat: Any) -> bool:
    try:
        return bool(stat.S_ISSOCK(os.fstat(fd).st_mode))
    except OSError:
        return False
