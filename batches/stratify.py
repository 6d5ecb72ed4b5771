"""Divides patients into sets: plain, seeded, the same for everybody who repeats it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

MOST_TRIES = 200_000


@dataclass(frozen=True)
class StratifiedExam:
    """One exam: its id, the group that must stay together (its patient), and its stratum."""

    id: str
    group: str
    stratum: tuple[str, ...]


def set_sizes(count: int, sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """How many of `count` exams each set gets.

    Sizes as asked where there are enough exams (the rest stays out of every set); otherwise, and for shares, proportions by
    largest remainder, earlier sets first on equality.
    """
    if sizes and count >= sum(sizes.values()):
        return dict(sizes)
    weights = {name: Fraction(str(weight)) for name, weight in (sizes or shares).items()}
    whole = sum(weights.values())
    exact = {name: weight * count / whole for name, weight in weights.items()}
    sizes_by_set = {name: int(value) for name, value in exact.items()}
    left = count - sum(sizes_by_set.values())
    for name in sorted(exact, key=lambda n: sizes_by_set[n] - exact[n])[:left]:
        sizes_by_set[name] += 1
    return sizes_by_set


def draw(members: Sequence[StratifiedExam], sizes: Mapping[str, int], seed: int) -> dict[str, str]:
    """The set of each exam id. No group is ever divided; what is left over once every set is full is in none.

    Groups are placed one by one, largest first, then rarest stratum, ties by a hash of seed and group: each goes to the set that
    lacks most of its stratum and still has room (iterative stratification, Sechidis et al. 2011, with whole groups). Where that
    leaves a set short though whole groups could fill it, how many groups of each number of exams go where is worked out first.
    Where there is room for everybody but whole groups do not come out even, a set is overfilled rather than a group left out.
    At last groups of as many exams change places as long as that brings the strata nearer to their shares.
    """
    groups: dict[str, list[StratifiedExam]] = defaultdict(list)
    for member in members:
        groups[member.group].append(member)
    drawn = _place(groups, sizes, seed, None)
    if len(drawn) < min(len(members), sum(sizes.values())):
        quotas = _quotas(Counter(len(inside) for inside in groups.values()), sizes)
        drawn = _place(groups, sizes, seed, quotas) if quotas is not None else drawn
    if sum(sizes.values()) >= len(members):
        _place_the_rest(groups, sizes, drawn)
    _even_out(groups, sizes, seed, drawn)
    return drawn


Quotas = Mapping[str, Mapping[int, int]]  # set: number of exams of a group: how many such groups


def _place(
    groups: Mapping[str, Sequence[StratifiedExam]], sizes: Mapping[str, int], seed: int, quotas: Quotas | None
) -> dict[str, str]:
    frequency = Counter(member.stratum for inside in groups.values() for member in inside)
    total = sum(sizes.values())
    remaining = {
        name: {stratum: Fraction(size * n, max(total, 1)) for stratum, n in frequency.items()}
        for name, size in sizes.items()
    }
    room = dict(sizes)
    left = {name: dict(quotas[name]) for name in sizes} if quotas is not None else None

    def order(group: str) -> tuple[int, int, str]:
        inside = groups[group]
        return (-len(inside), min(frequency[m.stratum] for m in inside), _hash(seed, group))

    drawn: dict[str, str] = {}
    for group in sorted(groups, key=order):
        inside = groups[group]
        fitting = [name for name in sizes if room[name] >= len(inside)]
        if left is not None:
            fitting = [name for name in fitting if left[name].get(len(inside), 0)]
        if not fitting:
            continue
        lack = {
            name: (
                sum((remaining[name][m.stratum] for m in inside), Fraction(0)),
                Fraction(room[name], max(sizes[name], 1)),
            )
            for name in fitting
        }
        chosen = max(fitting, key=lambda name: (*lack[name], _hash(seed, f"{group} {name}")))
        for member in inside:
            drawn[member.id] = chosen
            remaining[chosen][member.stratum] -= 1
        room[chosen] -= len(inside)
        if left is not None:
            left[chosen][len(inside)] -= 1
    return drawn


def _place_the_rest(
    groups: Mapping[str, Sequence[StratifiedExam]], sizes: Mapping[str, int], drawn: dict[str, str]
) -> None:
    room = Counter(sizes)
    room.subtract(drawn.values())
    for inside in sorted(groups.values(), key=lambda group: (-len(group), group[0].group)):
        if inside[0].id not in drawn and any(sizes.values()):
            chosen = max((name for name in sizes if sizes[name]), key=lambda name: (room[name], name))
            drawn.update({member.id: chosen for member in inside})
            room[chosen] -= len(inside)


Kind = tuple[int, tuple[tuple[tuple[str, ...], int], ...]]  # exams of a group, and how many are of each stratum


def _even_out(
    groups: Mapping[str, Sequence[StratifiedExam]], sizes: Mapping[str, int], seed: int, drawn: dict[str, str]
) -> None:
    """Swaps two groups of as many exams, of two sets, while the sum of squared deviations from the exact shares falls.

    Placing groups one by one can leave a stratum two exams off its share where each step was right; swaps do not.
    Everything is whole numbers (deviations times the number of exams), so that it ends and is the same everywhere.
    """
    frequency = Counter(member.stratum for inside in groups.values() for member in inside)
    total = sum(frequency.values())
    kinds: dict[str, dict[Kind, list[str]]] = {name: defaultdict(list) for name in sizes}
    excess = {name: Counter({stratum: -sizes[name] * n for stratum, n in frequency.items()}) for name in sizes}
    for group in sorted(groups, key=lambda members: _hash(seed, members)):
        strata = Counter(member.stratum for member in groups[group])
        name = drawn.get(groups[group][0].id)
        if name is not None:
            kinds[name][len(groups[group]), tuple(sorted(strata.items()))].append(group)
            excess[name].update({stratum: total * n for stratum, n in strata.items()})
    while True:
        swaps = [swap for pair in combinations(sizes, 2) if (swap := _best_swap(kinds, excess, pair, total))]
        if not swaps:
            return
        _change, first, second, leaving_kind, other = min(swaps)
        for here, there, kind in ((first, second, leaving_kind), (second, first, other)):
            group = kinds[here][kind].pop()
            kinds[there][kind].append(group)
            drawn.update({member.id: there for member in groups[group]})
            for stratum, n in kind[1]:
                excess[here][stratum] -= total * n
                excess[there][stratum] += total * n


def _best_swap(
    kinds: Mapping[str, Mapping[Kind, Sequence[str]]],
    excess: Mapping[str, Mapping[tuple[str, ...], int]],
    pair: tuple[str, str],
    total: int,
) -> tuple[int, str, str, Kind, Kind] | None:
    """The kinds to swap between two sets with the largest fall, as (change, set, set, kind, kind); None where none falls."""
    first, second = pair

    def weight(kind: Kind) -> int:
        return sum(n * (excess[first][stratum] - excess[second][stratum]) for stratum, n in kind[1])

    # Half the change of the sum is weight(other) - weight(one) + total x (squared difference of the kinds), at least 2.
    best: tuple[int, str, str, Kind, Kind] | None = None
    leaving = sorted((kind for kind, there in kinds[first].items() if there), key=lambda kind: (-weight(kind), kind))
    coming = sorted((kind for kind, there in kinds[second].items() if there), key=lambda kind: (weight(kind), kind))
    for leaving_kind in leaving:
        for other in coming:
            if weight(other) - weight(leaving_kind) + 2 * total >= (best[0] if best else 0):
                break
            if leaving_kind[0] == other[0] and leaving_kind != other:
                apart = Counter(dict(leaving_kind[1]))
                apart.subtract(dict(other[1]))
                change = weight(other) - weight(leaving_kind) + total * sum(n * n for n in apart.values())
                if change < (best[0] if best else 0):
                    best = (change, first, second, leaving_kind, other)
    return best


def _quotas(counts: Mapping[int, int], sizes: Mapping[str, int]) -> Quotas | None:
    """A way to fill every set exactly with whole groups, shares of each kind near its set's; None where none was found soon.

    `counts` says how many groups there are of each number of exams.
    """
    kinds = sorted(counts, reverse=True)
    tries = iter(range(MOST_TRIES))

    def ways(room: int, place: int, share: Fraction, free: Mapping[int, int]) -> Iterator[dict[int, int]]:
        if room == 0:
            yield {}
        elif place < len(kinds) and next(tries, None) is not None:
            kind = kinds[place]
            near = share * counts[kind]
            for taken in sorted(range(min(room // kind, free[kind]) + 1), key=lambda n: abs(n - near)):
                for rest in ways(room - taken * kind, place + 1, share, free):
                    yield {kind: taken, **rest}

    def fill(names: Sequence[str], free: Mapping[int, int]) -> dict[str, dict[int, int]] | None:
        if not names:
            return {}
        name, total = names[0], sum(kind * count for kind, count in counts.items())
        for taken in ways(sizes[name], 0, Fraction(sizes[name], total), free):
            tail = fill(names[1:], {kind: free[kind] - taken.get(kind, 0) for kind in kinds})
            if tail is not None:
                return {name: taken, **tail}
        return None

    return fill(list(sizes), dict(counts))


def _hash(seed: int, text: str) -> str:
    return hashlib.sha256(f"{seed} {text}".encode()).hexdigest()


def quartile_bins(values: Mapping[str, float]) -> dict[str, str]:
    """Numbers as four bins of about equal size, so that a continuous label can be a stratum."""
    ordered = sorted(values.values())
    cuts = [ordered[len(ordered) * part // 4] for part in (1, 2, 3)] if ordered else []
    return {key: f"q{sum(value >= cut for cut in cuts) + 1}" for key, value in values.items()}


def balance(members: Sequence[StratifiedExam], drawn: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Exams per set and stratum, for the organiser's table."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for member in members:
        table[drawn.get(member.id, "none")][" / ".join(member.stratum) or "all"] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(table.items())}


def digest(drawn: Mapping[str, str]) -> str:
    """SHA-256 over the sorted pairs: two splits are the same exactly when this is."""
    return hashlib.sha256("\n".join(f"{key} {drawn[key]}" for key in sorted(drawn)).encode()).hexdigest()
