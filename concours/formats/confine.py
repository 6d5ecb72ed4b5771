"""Shut the current process in before it touches an untrusted file: limits, Landlock, seccomp, no capabilities.

Each layer is applied where the kernel offers it and its name is reported, so that an operator can see what holds.
Linux system calls through ctypes: kernel documentation, `userspace-api/landlock` and `seccomp_filter`.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from concours.formats.system_calls import AUDIT_ARCHITECTURE, DENIED, NUMBERS

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_DUMPABLE = 38, 22, 4
SECCOMP_MODE_FILTER = 2
CLONE_THREAD, CLONE_NEWNET = 0x10000, 0x40000000

READ, READ_DIR = 1 << 2, 1 << 3
WRITABLE = (1 << 1) | READ | READ_DIR | (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8)  # and truncate, from version 3
FILE_BITS = (1 << 1) | READ | (1 << 14)

_libc = ctypes.CDLL(None, use_errno=True)
_layers: list[str] = []


def layers() -> list[str]:
    """The layers that hold in this process, for an operator's page and for the tests."""
    return list(_layers)


def confine(limits: dict[str, Any], readable: Iterable[str], writable: Iterable[str]) -> None:
    """Confine this process for good: `limits` of `child.ChildLimits`, and only these paths besides the interpreter's own."""
    own = own_paths()
    allowed_read, allowed_write = [*own, *readable], list(writable)
    linux = sys.platform == "linux"
    mapped = _mapped()
    if linux:
        _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        _layers.append("no_new_privs")
    if linux and _landlock(allowed_read, allowed_write):
        _layers.append("landlock")
    else:
        _watch_opens(allowed_read, allowed_write)
    _limit(limits, mapped)
    if linux and os.geteuid() == 0 and _drop_capabilities():
        _layers.append("no_capabilities")
    if linux and _seccomp():
        _layers.append("seccomp")
    else:
        _watch_sockets()


def own_paths() -> list[str]:
    """What a Python process must read to go on importing: its libraries and the project's packages, not its data."""
    root = Path(__file__).resolve().parents[2]
    packages = [str(p.parent) for p in root.glob("*/__init__.py")]
    system = ["/usr/lib", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache"]
    devices = ["/dev/null", "/dev/urandom", "/dev/zero"]
    return [*packages, sys.prefix, sys.base_prefix, *system, *devices]


def _limit(limits: dict[str, Any], mapped: int) -> None:
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_CPU, int(limits["cpu_seconds"]), 1)  # SIGXCPU says why; the kill comes a second later
    _set(resource.RLIMIT_FSIZE, int(limits["file_bytes"]))
    _set(resource.RLIMIT_NOFILE, int(limits["open_files"]))
    if sys.platform == "linux":  # elsewhere the address space of a process cannot be bounded usefully
        _set(resource.RLIMIT_AS, mapped + int(limits["memory_bytes"]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit is an OSError, not a death
    _layers.append("limits")


def _mapped() -> int:
    """Bytes of address space that the interpreter and its libraries take before any file is read."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def _set(what: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)))


def _landlock(readable: Iterable[str], writable: Iterable[str]) -> bool:
    version = _libc.syscall(444, None, 0, 1)
    if version < 1:
        return False
    filesystem = (1 << (13 + (version >= 2) + (version >= 3))) - 1 | ((1 << 15) if version >= 5 else 0)
    attributes = struct.pack("<QQQ", filesystem, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _libc.syscall(444, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    truncate = (1 << 14) if version >= 3 else 0
    for path in readable:
        _allow(ruleset, path, READ | READ_DIR)
    for path in writable:
        _allow(ruleset, path, WRITABLE | truncate)
    held: bool = _libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return held


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what does not exist needs no right
    try:
        if not os.path.isdir(path):
            rights &= FILE_BITS
        _libc.syscall(445, ruleset, 1, struct.pack("<Qi", rights, handle), 0)
    finally:
        os.close(handle)


def _drop_capabilities() -> bool:
    header, nothing = struct.pack("<Ii", 0x20080522, 0), bytes(24)
    return bool(_libc.capset(header, nothing) == 0)


def _seccomp() -> bool:
    """Install a classic BPF program that answers EPERM to every call of `DENIED`."""
    machine = platform.machine()
    numbers = NUMBERS.get(machine)
    if numbers is None:
        return False
    refuse, missing, kill, allow = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x80000000, 0x7FFF0000
    load, equal, greater, bits, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    program = [(load, 0, 0, 4), (equal, 1, 0, AUDIT_ARCHITECTURE[machine]), (answer, 0, 0, kill), (load, 0, 0, 0)]
    program += [(greater, 0, 1, 0x40000000), (answer, 0, 0, refuse)]  # the x32 numbers of the same calls
    for name in DENIED:
        if name in numbers:
            program += [(equal, 0, 1, numbers[name]), (answer, 0, 0, refuse)]
    # Answered ENOSYS, so that the C library falls back to clone, whose flags a filter can read.
    program += [(equal, 0, 1, numbers["clone3"]), (answer, 0, 0, missing)]
    program += [(equal, 0, 4, numbers["clone"]), (load, 0, 0, 16), (bits, 0, 1, CLONE_THREAD)]
    program += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    program += [(equal, 0, 4, numbers["tgkill"]), (load, 0, 0, 16), (equal, 0, 1, os.getpid())]
    program += [(answer, 0, 0, allow), (answer, 0, 0, refuse)]
    program += [(answer, 0, 0, allow)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in program))
    filter_program = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    return bool(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0) == 0)


def _watch_opens(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Without Landlock: refuse opens from Python code. It stops mistakes, not machine code: see the layer's name."""
    read = tuple(os.path.realpath(p) for p in (*readable, *writable))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not any(path == p or path.startswith(p.rstrip("/") + "/") for p in read):
            raise PermissionError(errno.EACCES, "this process may not open other files")

    sys.addaudithook(hook)
    _layers.append("python_opens_only")


def _watch_sockets() -> None:
    """Without seccomp: an empty network namespace where permitted, and no sockets from Python code."""
    with contextlib.suppress(AttributeError):
        if sys.platform == "linux" and _libc.unshare(CLONE_NEWNET) == 0:
            _layers.append("no_network_namespace")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")):
            raise PermissionError(errno.EPERM, "this process has no network and starts no program")

    sys.addaudithook(hook)
    _layers.append("python_sockets_only")
