"""The reasons why a score is undefined, in words: every code that a metric or the scoring engine gives."""

from __future__ import annotations

from collections.abc import Mapping

from concours.metrics.basis.contract import gettext_noop

REASONS: Mapping[str, str] = {
    "missing_value": gettext_noop("a value is missing"),
    "empty_set": gettext_noop("no case"),
    "one_class": gettext_noop("the truth lacks a class that the score compares"),
    "empty_truth": gettext_noop("a relative error to an empty mask"),
    "no_positive_prediction": gettext_noop("no exam was called positive, or a class was never predicted"),
    "no_negative_prediction": gettext_noop("no exam was called negative"),
    "too_few": gettext_noop("too few cases"),
    "wrong_shape": gettext_noop("the mask covers several slices"),
    "declared": gettext_noop("not declared yet"),
    "external": gettext_noop("not entered yet"),
    "undefined": gettext_noop("not defined for these values"),
}
