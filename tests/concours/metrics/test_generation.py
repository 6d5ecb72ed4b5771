"""FID, diversity and memorisation of generated cases."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from concours import metrics
from concours.metrics import MetricParameterError

fid, diversity, memorisation = (metrics.find(name) for name in ("fid", "diversity", "memorisation"))


def two_sides(
    real: int = 60, generated: int = 60, size: int = 5, shift: float = 0.6, seed: int = 0
) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(real, size)), generator.normal(size=(generated, size)) * 1.2 + shift


def published(real: np.ndarray, generated: np.ndarray) -> float:
    """The formula as printed, with SciPy's matrix square root."""
    covariances = np.cov(real.T), np.cov(generated.T)
    root = np.real(sqrtm(covariances[0] @ covariances[1]))
    shift = real.mean(axis=0) - generated.mean(axis=0)
    return float(shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * root))


def batches_of_pairs(real: np.ndarray, generated: np.ndarray, shuffles: np.ndarray, batches: int, size: int) -> float:
    """Diversity the plain way: a distance matrix a batch."""
    values = []
    for shuffle in shuffles:
        accuracies = []
        for number in range(batches):
            chosen = shuffle[number * size : (number + 1) * size]
            both = np.concatenate([real[chosen], generated[chosen]])
            apart = cdist(both, both)
            np.fill_diagonal(apart, np.inf)
            label = np.arange(2 * size) < size
            accuracies.append(np.mean(label[apart.argmin(axis=1)] == label))
        values.append(1 - 2 * abs(np.mean(accuracies) - 0.5))
    return float(np.mean(values))


def test_fid_by_hand() -> None:
    # Variances 2 and 8 (ddof 1), means 1 and 4: 9 + (√8 - √2)² = 9 + 2.
    assert fid([[0.0], [2.0]], [[2.0], [6.0]]).value == pytest.approx(11.0)


@pytest.mark.parametrize(("real", "generated", "size"), [(80, 50, 6), (200, 300, 20), (30, 30, 25)])
def test_fid_as_the_printed_formula(real: int, generated: int, size: int) -> None:
    sides = two_sides(real, generated, size)
    assert fid(*sides).value == pytest.approx(published(*sides), rel=1e-8)


def test_fid_with_fewer_cases_than_dimensions_where_the_square_root_fails() -> None:
    real, generated = two_sides(10, 12, 40)
    # Rotating 40 dimensions into the 22 that the data span changes nothing, and there the formula can be computed.
    basis = np.linalg.qr(np.concatenate([real, generated]).T)[0]
    eigenvalues = np.linalg.eigvals(np.cov((real @ basis).T) @ np.cov((generated @ basis).T))
    shift = real.mean(axis=0) - generated.mean(axis=0)
    cross = np.sqrt(np.maximum(eigenvalues.real, 0)).sum()
    expected = shift @ shift + np.trace(np.cov(real.T)) + np.trace(np.cov(generated.T)) - 2 * cross
    assert fid(real, generated).value == pytest.approx(expected, rel=1e-5)


def test_fid_is_symmetric_and_grows_with_the_shift() -> None:
    real, generated = two_sides()
    assert fid(real, generated).value == pytest.approx(fid(generated, real).value)
    assert fid(real, real).value == pytest.approx(0, abs=1e-9)
    assert fid(real, real + 2).value == pytest.approx(4 * 5)
    assert fid(real[:1], generated).reason == "too_few"


def test_diversity_by_hand() -> None:
    real, generated = [[0.0], [1.0]], [[10.0], [11.0]]
    apart = diversity(real, generated)
    assert apart.value == 0.0
    assert apart.details["accuracy"] == 1.0
    mixed = diversity([[0.0], [10.0]], [[1.0], [11.0]], batch_size=2, batches=1)
    # Every nearest neighbour is of the other side: a classifier that is always wrong knows as much as one always right.
    assert mixed.value == 0.0
    assert mixed.details["accuracy"] == 0.0


def test_diversity_as_pairs_in_each_batch_with_given_shuffles() -> None:
    real, generated = two_sides(60, 60, shift=0.3)
    shuffles = np.stack([np.random.default_rng(seed).permutation(60) for seed in range(7)])
    expected = batches_of_pairs(real, generated, shuffles, 4, 15)
    settings = {"batches": 4, "batch_size": 15}
    assert diversity(real, generated, permutations=shuffles, **settings).value == pytest.approx(expected)
    both = np.hstack([shuffles, shuffles])
    onward = np.hstack([shuffles, shuffles + 60])
    named = {"real": shuffles, "generated": shuffles}
    for form in (both, onward, named):
        assert diversity(real, generated, permutations=form, **settings).value == pytest.approx(expected)


def test_one_batch_of_all_as_scikit_learns_leave_one_out() -> None:
    real, generated = two_sides(40, 40)
    both, label = np.concatenate([real, generated]), np.arange(80) < 40
    expected = cross_val_score(KNeighborsClassifier(1), both, label, cv=LeaveOneOut()).mean()
    score = diversity(real, generated, batches=1, batch_size=40, repeats=1)
    assert score.details["accuracy"] == pytest.approx(expected)
    pooled = diversity(real, generated, batches=1, batch_size=80, repeats=1, mixing="pooled")
    assert pooled.details["accuracy"] == pytest.approx(expected)


def test_a_side_with_fewer_cases_makes_smaller_batches_and_says_so() -> None:
    real, generated = two_sides(91, 300)
    score = diversity(real, generated, repeats=3)
    assert score.details["batch_size"] == 91
    assert score.details["reused"] is True
    assert diversity(generated, generated[:100], repeats=2, batch_size=10).details["reused"] is False


def test_the_seed_decides_and_is_enough() -> None:
    real, generated = two_sides(120, 120)
    entry = diversity(real, generated, seed=1, batch_size=12).value
    assert entry == diversity(real, generated, seed=1, batch_size=12).value
    assert entry != diversity(real, generated, seed=2, batch_size=12).value


def test_shifting_all_embeddings_together_changes_nothing() -> None:
    real, generated = two_sides()
    assert diversity(real + 1e6, generated + 1e6).value == pytest.approx(diversity(real, generated).value)


@pytest.mark.parametrize("shuffles", [[[0, 1, 2]], [[0] * 120], [[0.5] * 60], [list(range(1, 61))]])
def test_shuffles_that_are_none_are_refused(shuffles: list) -> None:
    with pytest.raises(MetricParameterError, match="permutation"):
        diversity(*two_sides(), permutations=shuffles)


def test_copies_of_real_cases_are_seen_where_fid_and_diversity_praise_them() -> None:
    real, _ = two_sides(1000, 10)
    copies = real + 1e-3
    assert fid(real, copies).value < 1e-4
    assert diversity(real, real, repeats=3).value > 0.7
    score = memorisation(real, copies)
    assert score.value == 1.0
    assert score.details["copies"][:2] == [[0, 0], [1, 1]]


def test_memorisation_by_hand() -> None:
    real, generated = [[0.0], [10.0], [30.0]], [[4.0], [6.0], [25.0], [90.0]]
    # Nearest real cases 0, 10, 30, 30, whose own neighbours are 10, 10, 20, 20 away: 4/10, 4/10, 5/20, 60/20.
    assert memorisation(real, generated, ratio=0.3).value == 0.25
    assert memorisation(real, generated, ratio=0.5).value == 0.75
    assert memorisation(real, [[10.0]], ratio=0.0).value == 1.0
    assert memorisation([[1.0]], generated).reason == "too_few"


def test_independent_cases_of_many_dimensions_are_no_copies() -> None:
    generator = np.random.default_rng(8)
    assert memorisation(generator.normal(size=(100, 64)), generator.normal(size=(100, 64))).value == 0.0


@pytest.mark.parametrize(("cases", "dimensions"), [(2, 3), (30, 6), (92, 1280), (600, 64)])
def test_exact_copies_are_at_distance_nought(cases: int, dimensions: int) -> None:
    """In any order, at any scale, far from the origin: rounding is no distance."""
    generator = np.random.default_rng(cases)
    for scale, offset in ((1.0, 0.0), (1e-4, 0.0), (1e3, 50.0), (0.0, 0.3)):
        real = generator.normal(size=(cases, dimensions)) * scale + offset
        assert metrics.find("fid")(real, generator.permutation(real)).value == 0.0
    near = real + 1e-3
    assert metrics.find("fid")(real, near).value > 0
