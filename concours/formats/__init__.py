"""Readers of what strangers send, plain Python: one file a format, every error a `fault.Fault`, nothing trusted.

**From a worker** (Django or not), never parse an untrusted file in the process that holds credentials. Hand it over:

    from concours.formats.child import LimitExceededError, Limits, run_limited
    from concours.formats.check import check_upload, validate_limited

    verdict = check_upload(path, "zip", manifest, work)        # one file: accept, sanitise, quarantine, reject
    submission = validate_limited(path, manifest)              # a whole submission, or FormatError with every fault
    sizes = run_limited("concours.study.sorting:measure", path, read=[path], write=[folder], limits=Limits(cpu_seconds=60),
                        waiting=beat)                          # any function of plain values; `beat()` once a second

The function is named as `"package.module:function"`; its arguments and result are JSON values, bytes and numpy arrays
(tuples come back as lists). The child is forked in milliseconds from a clean interpreter that was started with an
empty environment, so it has no credentials and no connection; it opens only `read` and `write` besides the packages
themselves, makes no socket and no process, and is killed at its limits. `FormatError` is the file's fault (a limit, or a
crash that happened twice, too, as `LimitExceededError`); `ChildFailedError` is the platform's: a defect of ours, or, as
`ChildLostError`, a child that was killed from outside or starved. The result comes from a process that a
hostile file may have taken over: rebuild masks with `Mask.from_wire` and submissions with `Submission.from_wire`, which
check them. Modules that a function needs and that are slow to import are named once with `child.preload("scipy.spatial")`
before the first call, in the process that calls. `child.confinement()` names the layers that hold on this machine:
`landlock` and `seccomp` are the kernel's; where it lacks them, `python_opens_only` and `python_sockets_only` stop Python
code but not machine code, and a container without network and without the truth's volume must stand in for them.

**Masks** are `dict[int, Mask]`, label to `mask.Mask`; of a binary mask the key is `labels.FOREGROUND` (1), or the label
when the question lists `[0, v]`. A `Mask` keeps runs or packed bits in the order they came (`"C"` or `"F"`) and gives
`count`, `box`, `crop()`, `runs_in(order)`, `bits_in(order)`, `dense()`; asking for the other order costs the bounding
box alone, so cache what belongs to the truth in the order the prediction has. 2D is rows, columns; 3D is NIfTI's i, j, k.

**Validation never opens the truth**: `manifest.Manifest` holds all it knows.
"""
