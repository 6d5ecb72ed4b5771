"""Every picture: well formed, readable without seeing it, nothing that a strict content policy forbids, safe with
any name.
"""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from leaderboard.plots import svg
from leaderboard.plots.axis import Axis
from leaderboard.plots.case_strip import case_strip
from leaderboard.plots.dot_interval import dot_interval
from leaderboard.plots.plane import plane
from leaderboard.plots.rank_distribution import rank_distribution
from leaderboard.plots.roc import roc, roc_points
from leaderboard.plots.significance import significance_matrix

NAMES = ['<script>alert("1")</script>', "O'Hara & Söhne", "Autonomous Radio of the Far and Wide North-West"]
WORDS = {"title": 'Dice & "surface"', "description": "Three teams <of> 2019"}
RNG = np.random.default_rng(2)
TRUTH = np.arange(40) % 3 == 0
PREDICTIONS = np.round(TRUTH + RNG.normal(size=(3, 40)), 1)
SVG = "{http://www.w3.org/2000/svg}"


def dot(names, values=(0.9, 0.8, 0.7)):
    array = np.array(values[: len(names)], dtype=float)
    return dot_interval(names, array, np.stack([array - 0.05, array + 0.02], axis=1), label="Dice", **WORDS)


def distribution(names):
    return rank_distribution(names, np.eye(len(names)), np.arange(1.0, len(names) + 1), label="Place", **WORDS)


def matrix(names):
    p = np.full((len(names), len(names)), 0.2)
    p[:1, 1:] = 0.001
    return significance_matrix(names, p, better="better", not_told_apart="alike", **WORDS)


def curves(names):
    axes = {"false_positive_rate": "1 – specificity", "true_positive_rate": "Sensitivity"}
    result = [roc_points(TRUTH, values) for values in PREDICTIONS[: len(names)]]
    return roc(names, result, ["0.9"] * len(names), **axes, **WORDS)


def strip(names):
    return strips(names, RNG.random((len(names), 30)))


def strips(names, values):
    marks = np.stack([np.median(values, axis=1), np.mean(values, axis=1)], axis=1)
    return case_strip(names, values, marks, label="Dice", median="median", mean="mean", **WORDS)


def cloud(names):
    source = np.arange(30) % max(1, len(names))
    points = RNG.normal(size=(30 if names else 0, 2))
    return plane(points, source[: len(points)], names, [3, 4] if names else [], jury_label="jury", **WORDS)


PICTURES = [dot, distribution, matrix, curves, strip, cloud]


@pytest.mark.parametrize("draw", PICTURES)
@pytest.mark.parametrize("teams", [0, 1, 3])
def test_is_well_formed_and_has_a_title_and_a_description(draw, teams):
    root = ElementTree.fromstring(draw(NAMES[:teams]))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    labels = [root.find(f".//*[@id='{name}']") for name in root.get("aria-labelledby").split()]
    assert [label.text for label in labels] == [WORDS["title"], WORDS["description"]]
    ids = [part.get("id") for part in root.iter() if part.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("draw", PICTURES)
def test_holds_nothing_that_a_strict_content_policy_forbids(draw):
    allowed = {"svg", "title", "desc", "g", "text", "line", "rect", "circle", "path", "polyline", "defs", "use"}
    for part in ElementTree.fromstring(draw(NAMES)).iter():
        assert part.tag.removeprefix(SVG) in allowed
        for name, value in part.attrib.items():
            assert name != "style"
            assert not name.startswith("on")
            assert name != "href" or value.startswith("#")
            assert "nan" not in value.lower().split()
            assert "inf" not in value.lower().split()


@pytest.mark.parametrize("draw", PICTURES)
def test_words_take_the_pages_colour_so_that_dark_pages_stay_readable(draw):
    words = list(ElementTree.fromstring(draw(NAMES)).iter(f"{SVG}text"))
    assert words
    assert {part.get("fill") for part in words} == {"currentColor"}


@pytest.mark.parametrize("draw", PICTURES)
def test_everything_stays_inside_the_frame(draw):
    root = ElementTree.fromstring(draw(NAMES))
    _, _, width, height = map(float, root.get("viewBox").split())
    for part in root.iter():
        for name, limit in (("x", width), ("cx", width), ("x2", width), ("y", height), ("cy", height), ("y2", height)):
            if part.get(name) is not None:
                assert -0.01 <= float(part.get(name)) <= limit + 0.01


def test_the_same_input_gives_the_same_text():
    assert dot(NAMES) == dot(NAMES)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", sorted({svg.ACCENT, svg.WARM, svg.QUIET, *svg.SERIES}))
@pytest.mark.parametrize("page", ["#ffffff", "#14181c"])
def test_shapes_stand_out_from_light_and_dark_pages(colour, page):
    bright, dim = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 3


def test_a_missing_score_leaves_a_dash_and_no_dot():
    root = ElementTree.fromstring(dot(NAMES, (0.9, float("nan"), 0.7)))
    assert len(list(root.iter(f"{SVG}circle"))) == 2
    assert "–" in [part.text for part in root.iter(f"{SVG}text")]


def test_large_scores_are_written_without_digits_that_say_nothing():
    values = np.array([32400.0, 0.93124, -12.5])
    drawn = dot_interval(["a", "b", "c"], values, np.full((3, 2), np.nan), label="", digits=4, **WORDS)
    words = [part.text for part in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    assert {"32400", "0.9312", "-12.500"} <= set(words)


def test_dots_stand_where_their_values_are():
    root = ElementTree.fromstring(dot(["a", "b", "c"], (0.9, 0.8, 0.7)))
    first, second, third = (float(part.get("cx")) for part in root.iter(f"{SVG}circle"))
    assert first > second > third
    assert first - second == pytest.approx(second - third, abs=0.02)


def test_a_strip_without_values_has_no_dot_and_no_mark():
    root = ElementTree.fromstring(strips(["a", "b"], np.array([[0.1, 0.2, 0.4], [np.nan] * 3])))
    paths = [part.get("d") for part in root.iter(f"{SVG}path") if part.get("class") == "plot-cases"]
    assert [len(re.findall("M", path)) for path in paths] == [3, 0]
    assert (
        len([part for part in root.iter(f"{SVG}path") if part.get("class") == "plot-mean"]) == 1 + 1
    )  # one in the key


def test_circles_grow_by_area():
    shares = np.array([[0.8, 0.2], [0.2, 0.8]])
    root = ElementTree.fromstring(rank_distribution(["a", "b"], shares, np.array([1.0, 2.0]), label="Place", **WORDS))
    radii = sorted({float(part.get("r")) for part in root.iter(f"{SVG}circle") if part.get("class") == "plot-dot"})
    assert radii[1] / radii[0] == pytest.approx(2, abs=0.01)


def test_the_matrix_fills_the_squares_of_significant_differences():
    root = ElementTree.fromstring(matrix(NAMES))
    answer = [part for part in root.iter(f"{SVG}rect") if part.get("class") == "plot-told"]
    alike = [part for part in root.iter(f"{SVG}circle") if part.get("class") == "plot-alike"]
    assert (len(answer), len(alike)) == (2 + 1, 1 + 1)  # and one of each in the key


def test_roc_corners_are_points_of_scikit_learns_curve_and_lose_no_area():
    for values in PREDICTIONS:
        false, true, _ = roc_curve(TRUTH, values, drop_intermediate=False)
        roc_points_result = roc_points(TRUTH, values)
        assert {tuple(point) for point in roc_points_result.round(9)} <= {
            tuple(point) for point in np.stack([false, true], 1).round(9)
        }
        assert np.trapezoid(roc_points_result[:, 1], roc_points_result[:, 0]) == pytest.approx(
            roc_auc_score(TRUTH, values)
        )
        assert roc_points_result[0].tolist() == [0, 0]
        assert roc_points_result[-1].tolist() == [1, 1]
        turns = np.cross(
            *(
                np.pad(np.diff(part, axis=0), ((0, 0), (0, 1)))
                for part in (roc_points_result[:-1], roc_points_result[1:])
            )
        )[:, 2]
        assert (np.abs(turns) > 1e-12).all()


def test_a_team_with_a_missing_prediction_keeps_an_empty_panel():
    result = [roc_points(TRUTH, PREDICTIONS[0]), None, roc_points(TRUTH, PREDICTIONS[2])]
    axes = {"false_positive_rate": "f", "true_positive_rate": "t"}
    root = ElementTree.fromstring(roc(NAMES, result, ["a", "b", "c"], **axes, **WORDS))
    assert len(list(root.iter(f"{SVG}polyline"))) == 2
    assert [len(part) for part in root.iter(f"{SVG}g") if part.get("class") == "plot-curve"] == [1, 0, 1]


def test_the_jurys_cases_are_ringed():
    root = ElementTree.fromstring(cloud(NAMES))
    ringed = [part for part in root.iter(f"{SVG}g") if part.get("class") == "plot-jury"]
    assert [part.find(f"{SVG}title").text for part in ringed] == [NAMES[0], NAMES[1]]


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.9), (0, 0), (5, 5), (-3, 1200), (1e-7, 2e-7), (float("nan"), 1)])
def test_ticks_are_round_and_inside(low, high):
    axis = Axis.around(low, high, 0, 100)
    ticks = axis.ticks(5)
    assert 2 <= len(ticks) <= 7
    assert all(axis.low <= tick <= axis.high for tick in ticks)


def test_five_hundred_cases_of_twenty_teams_stay_a_small_file():
    names = [f"team {index}" for index in range(20)]
    assert len(strips(names, RNG.random((20, 500)))) < 200_000
    truth = RNG.random(500) < 0.3
    axes = {"false_positive_rate": "f", "true_positive_rate": "t"}
    result = [roc_points(truth, values) for values in RNG.random((20, 500))]
    assert len(roc(names, result, ["0.5"] * 20, **axes, **WORDS)) < 200_000


def test_escaped_names_are_shown_as_they_are():
    shown = [part.text for part in ElementTree.fromstring(distribution(NAMES)).iter(f"{SVG}text")]
    assert NAMES[1] in shown
    assert any(re.match(r"<script>alert", words or "") for words in shown)
