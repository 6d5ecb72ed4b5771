"""What a disposable child can reach: nothing but what it was given; and what happens to it at its limits."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from concours.formats import child
from concours.formats.child import (
    ChildCrashedError,
    ChildFailedError,
    ChildLimits,
    ChildLostError,
    LimitExceededError,
    run_limited,
    run_measured,
)
from concours.formats.fault import FormatError
from concours.formats.manifest import Manifest
from tests.children import children_of, end_children
from tests.waiting import wait_until

PROBE = "tests.concours.formats.probe:"


def run(name: str, *args: object, **options: object) -> object:
    """Run one function of `probe.py`, which a child may read like any package of the project."""
    return run_limited(PROBE + name, *args, **options)


def test_no_socket_of_any_family_can_be_made() -> None:
    listener = socket.socketpair()  # a live end in the parent does not reach the child either
    try:
        assert run("try_sockets") == {"AF_INET": "EPERM", "AF_INET6": "EPERM", "AF_UNIX": "EPERM"}
    finally:
        for end in listener:
            end.close()


def test_no_credential_of_the_environment_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://concours:secret@db/concours")
    child.stop()  # so that the server is started with the secret in its parent's environment
    seen = run("environment")
    assert "DATABASE_URL" not in seen
    assert set(seen) <= {
        "PATH",
        "LANG",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "GLIBC_TUNABLES",
        "HOME",
        "LD_LIBRARY_PATH",
        "LC_CTYPE",
    }
    assert run("read", f"/proc/{os.getppid()}/environ") in ("EACCES", "ENOENT", "EPERM")
    assert run("read", f"/proc/{os.getpid()}/environ") in ("EACCES", "ENOENT", "EPERM")


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_the_truth_cannot_be_opened_and_only_what_was_given_can(tmp_path: Path) -> None:
    truth, upload, work = tmp_path / "truth.csv", tmp_path / "upload.csv", tmp_path / "work"
    truth.write_text("id,label\n")
    upload.write_text("id,p\n")
    work.mkdir()
    assert run("read", str(upload), read=[upload]) == "id,p\n"
    assert run("read", str(truth), read=[upload]) == "EACCES"
    assert run("listing", str(tmp_path), read=[upload]) == "EACCES"
    assert run("write", str(tmp_path / "new"), read=[upload], write=[work]) == "EACCES"
    assert run("write", str(upload), read=[upload], write=[work]) == "EACCES"
    assert run("write", str(work / "new"), read=[upload], write=[work]) == "written"
    (work / "link").symlink_to(truth)
    assert run("read", str(work / "link"), read=[upload], write=[work]) == "EACCES"


def test_2_gb_are_refused_and_the_parent_goes_on() -> None:
    with pytest.raises(LimitExceededError) as caught:
        run("take", 2 << 30, limits=ChildLimits(memory_bytes=1 << 30))
    assert caught.value.limit == "memory"
    assert caught.value.faults[0].reason == "too_large"
    assert run("take", 100 << 20) == 100 << 20


def test_no_process_program_signal_or_trace() -> None:
    result = run("try_processes", os.getpid())
    assert set(result.values()) == {"EPERM"}, result


def test_a_written_file_and_open_files_are_bounded(tmp_path: Path) -> None:
    limits = ChildLimits(file_bytes=1 << 20, open_files=32)
    assert run("write_much", str(tmp_path / "big"), 2 << 20, write=[tmp_path], limits=limits) == "EFBIG"
    assert (tmp_path / "big").stat().st_size <= 1 << 20
    assert run("open_many", str(tmp_path), write=[tmp_path], limits=limits) < 32


def test_a_child_is_killed_and_reaped_on_time() -> None:
    started = time.monotonic()
    with pytest.raises(ChildLostError, match="overloaded"):  # it used no CPU: nothing is known of its file
        run("sleep", 60, limits=ChildLimits(wall_seconds=0.5))
    assert time.monotonic() - started < 30
    with pytest.raises(LimitExceededError) as caught:
        run("spin", limits=ChildLimits(cpu_seconds=1))
    assert caught.value.limit == "time"
    assert children_of(child._server().process.pid) == set()


def test_a_crash_is_the_files_fault_and_a_defect_is_ours() -> None:
    with pytest.raises(LimitExceededError) as caught:
        run("crash")
    assert (caught.value.limit, caught.value.faults[0].reason) == ("crash", "unreadable_file")
    with pytest.raises(ChildFailedError, match="ZeroDivisionError") as failed:
        run("defect")
    assert "probe.py" in failed.value.trace
    with pytest.raises(FormatError) as refused:
        run("refused")
    assert refused.value.faults[0].message == "Row 3 is wrong."


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_that_somebody_kills_says_nothing_of_its_file(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = end_children(monkeypatch, number)
    with pytest.raises(ChildLostError, match=f"killed from outside by signal {number.value}"):
        run("echo", 1)
    assert len(ended) == 1 and run("echo", 1) == 1


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_child_that_crashes_once_is_run_again(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = end_children(monkeypatch, number)
    assert run("echo", 1) == 1
    assert len(ended) == 1


def test_a_crash_on_a_file_of_ours_is_ours() -> None:
    with pytest.raises(ChildCrashedError):
        run("crash", untrusted=False)


def test_the_second_run_finds_the_folders_as_the_first_did(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "file").write_text("x")
    with pytest.raises(LimitExceededError):
        run("make_and_crash", str(tmp_path), write=[tmp_path])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "given", "made", "part"]


def test_a_fork_server_that_ends_is_no_fault_of_the_file() -> None:
    server = child._server()
    killer = threading.Timer(0.5, server.process.kill)
    killer.start()
    assert run("sleep", 1.5) is None  # a child that was forked before answers
    server = child._server()
    server.process.kill()
    server.process.wait()
    assert run("echo", 1) == 1  # and another server takes over


def test_a_file_beyond_its_limit_is_the_files_fault(tmp_path: Path) -> None:
    with pytest.raises(LimitExceededError) as caught:
        run("write_too_much", str(tmp_path / "big"), write=[tmp_path], limits=ChildLimits(file_bytes=1 << 20))
    assert (caught.value.limit, caught.value.faults[0].reason) == ("result", "too_large")


def test_patience_grows_with_the_cpu_that_a_file_may_use() -> None:
    assert ChildLimits(cpu_seconds=1000).patience >= 5000
    assert ChildLimits(cpu_seconds=100, wall_seconds=7).patience == 7


def test_arrays_and_values_cross_and_nothing_is_unpickled() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    back = run("echo", {"a": array, "b": b"\0\1", "c": [None, True, 1.5, "é"], "e": np.empty((0, 3), np.uint8)})
    assert (back["a"] == array).all() and back["a"].dtype == np.float32
    assert (back["b"], back["c"], back["e"].shape) == (b"\0\1", [None, True, 1.5, "é"], (0, 3))
    with pytest.raises(ChildFailedError, match="cannot cross"):
        run("an_object")


@pytest.mark.parametrize(
    "attack", ["garbage", "huge_claim", "not_json", "deep_json", "bad_array", "pickle", "bad_fault"]
)
def test_a_child_that_was_taken_over_cannot_hurt_the_parent(attack: str) -> None:
    with pytest.raises(FormatError):
        run("answer_with", attack, limits=ChildLimits(wall_seconds=10))


def test_starting_a_child_costs_milliseconds_and_threads_may_share_the_server() -> None:
    child.warm()
    run("echo", 1)
    started = time.monotonic()
    for _ in range(10):
        run("echo", 1)
    assert (time.monotonic() - started) / 10 < 0.25
    results: list[object] = []
    threads = [threading.Thread(target=lambda i=i: results.append(run("echo", i))) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(8))  # type: ignore[type-var]


def test_waiting_is_called_and_usage_is_measured() -> None:
    beats: list[float] = []
    _, usage = run_measured(PROBE + "sleep", 2.2, waiting=lambda: beats.append(time.monotonic()))
    assert len(beats) >= 2
    assert usage.peak_bytes > 10_000_000 and usage.wall_seconds > 2


def test_children_and_server_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, threading, time; sys.path.insert(0, sys.argv[1]); from concours.formats import child\n"
        "child.warm(); print(child._server().process.pid, flush=True)\n"
        "child.run_limited('time:sleep', 60)\n"
    )
    arguments = [sys.executable, "-c", script, str(child.ROOT)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        sleeping = wait_until(lambda: children_of(server), what="a sleeping child")
        parent.kill()
    wait_until(
        lambda: all(_is_zombie(pid) for pid in (server, *sleeping)), what="the end of every child of a killed parent"
    )


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="Linux layers")
def test_the_layers_are_reported() -> None:
    assert "limits" in child.confinement()
    assert {"landlock", "python_opens_only"} & set(child.confinement())


def test_validation_is_the_same_with_two_truths_and_with_none(tmp_path: Path) -> None:
    from concours.formats.check import validate_limited

    (tmp_path / "upload").mkdir()
    upload = tmp_path / "upload" / "p.csv"
    upload.write_text("id,p\n001,7\n003,=x\n")
    manifest = Manifest.from_json({"id_column": "id", "ids": ["001", "002"], "columns": {"p": {"min": 0, "max": 1}}})
    predicted = []
    for truth in ("id,p\n001,0\n002,1\n", "id,p\n001,1\n002,0\n", None):
        if truth is None:
            (tmp_path / "truth.csv").unlink()
        else:
            (tmp_path / "truth.csv").write_text(truth)
        with pytest.raises(FormatError) as caught:
            validate_limited(upload, manifest)
        predicted.append([f.to_json() for f in caught.value.faults])
    assert predicted[0] == predicted[1] == predicted[2]
    assert {f["reason"] for f in predicted[0]} == {
        "unsafe_file",
        "missing_id",
        "extra_id",
        "out_of_range",
        "non_numeric",
    }
