"""A metric or a criterion is one new file: titles, units, intervals and pictures follow from it alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from challenges import question_words
from challenges.criterion_words import criteria
from concours import inclusion, metrics
from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.evidence import case_values, evidence, sampled
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics.analysis import uncertainty
from concours.evaluation.truth import load_truth
from concours.inclusion.examine import _criteria
from concours.known_names import known_names
from concours.questions.schema import load_spec
from leaderboard.columns import columns_of
from tests.architecture.source import ROOT

METRIC = '''
"""Largest squared error."""
import numpy as np
from concours.metrics.basis.contract import Metric, Policy
from concours.metrics.basis.resample import Resample, order_statistic

def worst_square(truth, prediction):
    return float(np.square(prediction - truth).max())

def estimator(truth, prediction):
    return order_statistic(np.square(prediction - truth), lambda sizes: [sizes - 1])

METRIC = Metric(
    name="worst_square", title="Largest squared error", summary="The largest one.", direction="lower", unit="",
    unit_rule="field squared", range=(0.0, float("inf")), worst=None, shape="values", over="set", function=worst_square,
    policy=Policy(), resample=Resample("weighted", estimator=estimator), plot="absolute_error",
)
'''
CRITERION = '''
"""Exams of a moon."""
from concours.inclusion.judgement import Judge, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Age of the moon")
UNIT = "days"
SUMMARY = gettext_noop("The moon is young enough.")
PARAMETERS = (Parameter("max", "number", "oldest moon, included", unit="days"),)

def judge(say: Judge, exam, max):
    """Nothing is judged here."""
    yield say.accept("", SUMMARY)
'''


@pytest.fixture
def new_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The two folders with one file more each."""
    for package, name, text in ((metrics, "worst_square", METRIC), (inclusion, "moon", CRITERION)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    caches = (metrics._files, metrics._load, _criteria, known_names)
    for cache in caches:
        cache.cache_clear()
    yield
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def test_a_new_file_is_all_that_a_metric_and_a_criterion_need(new_files: None, tmp_path: Path) -> None:
    text = (ROOT / "concours/questions/catalogue/ms-edss.yaml").read_text(encoding="utf-8")
    text = text.replace("metric: mse", "metric: worst_square").replace(
        "inclusion:\n", "inclusion:\n  moon: {max: 28}\n"
    )
    spec = load_spec(text, known_names())
    name = next(name for name, entry in spec.metrics.items() if entry.metric == "worst_square")
    (moon,) = [row for row in criteria(spec) if row.title == "Age of the moon"]
    assert "28 days" in moon.asks
    (row,) = [row for row in question_words.scores(spec) if row.name == name]
    assert (row.title, row.summary) == ("Largest squared error", "The largest one.")
    rule = RankingRule.from_spec(spec)
    assert columns_of(spec, rule)[0]["title"] == "Largest squared error"

    field, column = spec.metrics[name].fields[0], spec.metrics[name].columns[0]
    (tmp_path / "truth.csv").write_text(f"id,{field}\na,1\nb,2\nc,4\n", encoding="utf-8")
    (tmp_path / "sent.csv").write_text(f"{spec.submission.id_column},{column}\na,1.5\nb,2\nc,2\n", encoding="utf-8")
    truth = load_truth(spec, tmp_path / "truth.csv")
    sent = validate(spec, public_manifest(spec, truth), tmp_path / "sent.csv", isolated=False)
    result = score(spec, truth, sent)
    assert result.scores[name] == 4.0
    sides = [evidence(spec, truth, result)]
    drawn = sampled(spec, name, sides, [4.0], "all")
    board = uncertainty(rule, ("x",), {name: drawn}, seed=0)
    assert board.score_intervals[name][0].tolist() == [0.0, 4.0]
    picture = case_values(spec, name, sides, "all")
    assert picture is not None
    assert np.sort(picture.values[0]).tolist() == [0.0, 0.5, 2.0]
