"""The clean process that disposable children are forked from: started once, its environment emptied.

It never reads an untrusted byte itself. Run as a script: `forkserver.py CONTROL_FD ROOT MODULE…`.
"""

import contextlib
import errno
import gc
import importlib
import os
import selectors
import signal
import socket
import struct
import sys
import traceback
from typing import Any

LIFE = struct.Struct("<iQd")  # wait status, peak resident bytes, seconds of CPU


def serve(control: socket.socket) -> None:
    """Fork a child for each pair of sockets (data, life) that arrives; kill a child when its parent hangs up."""
    selector = selectors.DefaultSelector()
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write)
    selector.register(wake_read, selectors.EVENT_READ, "child")
    selector.register(control, selectors.EVENT_READ, "control")
    lives: dict[int, socket.socket] = {}
    while True:
        for key, _ in selector.select():
            if key.data == "child":
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                _reap(lives, selector)
            elif key.data == "control":
                if not _accept(control, selector, lives):
                    _stop(lives)
                    return
            else:  # the parent hung up, or asked for the end: either way the child goes
                _kill(key.data)
                selector.unregister(key.fileobj)


def _accept(control: socket.socket, selector: selectors.BaseSelector, lives: dict[int, socket.socket]) -> bool:
    message, handles, _, _ = socket.recv_fds(control, 1, 2)
    if not message or len(handles) != 2:
        return False
    data, life = (socket.socket(fileno=handle) for handle in handles)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for other in (control, life, *lives.values()):
                other.close()
            selector.close()
            _child(data)
            code = 0
        finally:
            os._exit(code)
    data.close()
    lives[pid] = life
    selector.register(life, selectors.EVENT_READ, pid)
    return True


def _child(data: socket.socket) -> None:
    """Answer one request and end. Nothing of the request comes from a stranger; the files it names do."""
    from concours.formats import confine, wire
    from concours.formats.fault import FormatError

    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    request = wire.receive(data, 1 << 40)
    if request["write"]:
        os.environ["TMPDIR"] = request["write"][0]
        os.chdir(request["write"][0])
    else:
        os.chdir("/")
    answer: dict[str, Any]
    try:
        # Our own code is imported before the doors close: a folder of code that changed since the server started is read again.
        module, _, name = request["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        confine.confine(request["limits"], request["read"], request["write"])
        answer = {"result": function(*request["args"], **request["kwargs"])}
    except FormatError as error:
        answer = {"faults": [fault.to_json() for fault in error.faults]}
    except MemoryError:
        answer = {"limit": "memory"}
    except OSError as error:
        if error.errno == errno.EFBIG:
            answer = {"limit": "file"}
        elif error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            answer = {"disk": True}
        else:
            answer = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-8000:]}
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()[-8000:]}
    try:
        wire.send(data, answer)
    except MemoryError:
        wire.send(data, {"limit": "memory"})
    except TypeError as error:
        wire.send(data, {"error": f"the result cannot cross: {error}", "traceback": ""})


def _reap(lives: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        life = lives.pop(pid, None)
        if life is None:
            continue
        with contextlib.suppress(KeyError, ValueError):
            selector.unregister(life)
        unit = 1 if sys.platform == "darwin" else 1024
        with contextlib.suppress(OSError):
            life.sendall(LIFE.pack(status, usage.ru_maxrss * unit, usage.ru_utime + usage.ru_stime))
        life.close()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _stop(lives: dict[int, socket.socket]) -> None:
    for pid in lives:
        _kill(pid)
    for pid in lives:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _pipe() -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


def main() -> None:
    """Import what children will need, then serve until the parent is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    sys.path.insert(0, sys.argv[2])
    for module in sys.argv[3:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # collected objects of the parent would be copied page by page in every child
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the parent, whose end is our end
    serve(control)


if __name__ == "__main__":
    main()
