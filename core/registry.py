"""What each app declares in its `stages.py`, so that lower apps never import a higher one.

`STAGES` are the app's stages, `NOTICES` its kinds of notices, `HOOKS` its functions for what happens elsewhere, `PRELOAD` the
modules that its children need. Functions are named by dotted path, so that web processes import no engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string, module_has_submodule


@dataclass(frozen=True)
class Stage:
    """A stage's name and title, and the dotted paths of its function and of what to do when its work has failed for good.

    The head start is the time in minutes by which its work passes other work in the queue. A stage that reads truth is done by
    processes alone that have the rights for it (CONCOURS_STAGES).
    """

    name: str
    title: str | Promise
    perform: str
    on_failed: str = ""
    head_start_minutes: int = 0
    reads_truth: bool = False


@dataclass(frozen=True)
class NoticeKind:
    """An event that people are told of, in messages of the catalogue with holes for the notice's values.

    `why` ends the mail: "You receive this because …". `delivery` is the usual one: at_once, digest or page. An essential kind
    cannot be switched off, since a duty hangs on it.
    """

    name: str
    title: str | Promise
    subject: str
    text: str
    action: str
    why: str
    delivery: str = "at_once"
    is_essential: bool = False


@cache
def notice_kinds() -> dict[str, NoticeKind]:
    """Every kind of notice by name."""
    return {kind.name: kind for module in _declarations() for kind in getattr(module, "NOTICES", ())}


@cache
def stages() -> dict[str, Stage]:
    """Every stage by name."""
    return {stage.name: stage for module in _declarations() for stage in getattr(module, "STAGES", ())}


def stages_here() -> list[str]:
    """The stages that this process does: all, those that read truth, or the others."""
    truth_access = {"all": (True, False), "truth": (True,), "other": (False,)}[settings.WORK_STAGES]
    return [name for name, stage in stages().items() if stage.reads_truth in truth_access]


@cache
def hooks() -> dict[str, list[str]]:
    """The functions of every hook, lower apps first."""
    functions: dict[str, list[str]] = {}
    for module in _declarations():
        for name, paths in getattr(module, "HOOKS", {}).items():
            functions.setdefault(name, []).extend(paths)
    return functions


def call_hook(name: str, *arguments: Any) -> list[Any]:
    """Calls every function of a hook, in the caller's transaction where there is one, and returns what they return.

    `sweep`: no arguments; called every round of the sweep, must be quick and may run anywhere, any time.
    `exam_withdrawn`, `role_revoked`: the id of the exam or person; each app changes its own rows and may be called twice.
    `correction_begins`: the id of an exam that is about to be corrected; work that reads its annotations is begun anew.
    `annotation_corrected`: a correction that was decided; each app makes again what it made of the field.
    `truth_is_sealed`: an exam; whether a sealed truth contains it.
    `exam_is_fixed`: an exam; whether it is in a set that no longer changes.
    `metrics`: no arguments; figures for `/metrics` (`core.operation.samples.Sample`), counted at most every ten seconds.
    `phase_is_used`: a phase; whether anything was sent in it.
    `release_obstacles`: a batch; what stands in the way of its release by hand.
    `withdrawal_progress`: the id of a withdrawn exam; what each app has done and has still to do, for its page.
    `revealed_parts`: a phase; the parts (all, public, private) whose scores its teams may see.
    `work_failed`: the stage, the subject's id and the challenge's id of work that has failed for good.
    `work_delayed`: the stage and the challenge's id of work that has met several outages and is tried again by itself.
    `<model>_moved`: a row that has just changed its state, and the reason given; in the transaction of the change.
    `team_has_sent`: a team; whether it has submitted anything.
    `final_parts`: a phase; the parts of which they may also see what lies behind the scores.
    """
    return [import_string(path)(*arguments) for path in hooks().get(name, ())]


def preloads() -> list[str]:
    """The modules that children of this site import before they are confined."""
    return [name for module in _declarations() for name in getattr(module, "PRELOAD", ())]


def _declarations() -> list[ModuleType]:
    names = [config.name for config in apps.get_app_configs() if module_has_submodule(config.module, "stages")]
    return [import_module(f"{name}.stages") for name in names]
