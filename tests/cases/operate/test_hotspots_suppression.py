"""Small counts are not published, and cannot be computed from what is."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import gridgeo as gg
from gridgeo.operate.small_counts import publish_spots


def reach(published, parents, wish):
    """Give the least and the greatest value that a sum of suppressed counts may have for a reader.

    The reader knows what is published, and that a suppressed count is at least 1.
    """
    hidden = published.counts.index[published.counts.isna()]
    rows, sums = [], []
    for parent, total in published.totals.items():
        own = published.counts[parents == parent]
        if pd.notna(total):
            rows.append((parents[hidden] == parent).to_numpy(dtype=float))
            sums.append(total - own.sum())
    if published.total is not None:
        rows.append(np.ones(len(hidden)))
        sums.append(published.total - published.counts.sum())
    for sign in (1, -1):
        found = linprog(
            sign * wish, A_eq=np.array(rows) if rows else None, b_eq=np.array(sums, dtype=float) if rows else None,
            bounds=(1, None),
        )  # fmt: skip
        yield sign * found.fun if found.status == 0 else np.inf


def assert_nothing_is_given_away(counts, parents, smallest):
    published = gg.suppress_small_counts(counts, parents, smallest=smallest)
    hidden = published.counts.index[published.counts.isna()]
    small = counts.index[(counts > 0) & (counts < smallest)]
    assert set(small) <= set(hidden)
    assert published.counts.dropna().eq(counts[published.counts.notna()]).all()
    sums = counts.groupby(parents).sum()
    assert published.totals.dropna().eq(sums[published.totals.notna()]).all()
    assert not ((published.totals > 0) & (published.totals < smallest)).any()
    for area in hidden:
        low, high = reach(published, parents, (hidden == area).astype(float))
        assert low < high, f"{area} is {low} for sure: {published}"
    for parent in published.totals.index[published.totals.isna()]:
        own = (parents[hidden] == parent).to_numpy(dtype=float)
        low, high = reach(published, parents, own)
        assert low < high, f"the suppressed part of {parent} is {low} for sure: {published}"
    return published


@pytest.mark.parametrize("smallest", [2, 3, 5])
def test_no_suppressed_count_can_be_computed_from_what_is_published(smallest):
    random = np.random.default_rng(smallest)
    for _ in range(60):
        areas = int(random.integers(1, 13))
        high = random.choice([2, 6, 12, 40])
        counts = pd.Series(random.integers(0, high + 1, areas), [f"G{number:02d}" for number in range(areas)])
        parents = pd.Series(random.choice(list("ABC"), areas), counts.index)
        assert_nothing_is_given_away(counts, parents, smallest)


def table(text):
    """Read communities as ``A: 1 2 3 / B: 4``."""
    rows = [
        (f"{name.strip()}{number}", name.strip(), int(value))
        for name, _, values in (part.partition(":") for part in text.split("/"))
        for number, value in enumerate(values.split(), 1)
    ]
    ids, parents, counts = zip(*rows, strict=True)
    return pd.Series(counts, ids), pd.Series(parents, ids)


@pytest.mark.parametrize(
    ("text", "hidden", "closed"),
    [
        ("A: 10 20 30", "", ""),
        ("A: 0 20 30", "", ""),  # a zero tells of nobody
        ("A: 3 20 30", "A1 A2", ""),  # alone, it would be the total less the others
        ("A: 1 1 20 30", "A1 A2 A3", ""),  # two that add up to 2 are 1 and 1
        ("A: 4 4 20 30", "A1 A2 A3", ""),
        ("A: 2 4 20 30", "A1 A2", ""),
        ("A: 3 0 0 / B: 10 20 / C: 50 60", "A1 B1", "A B"),  # nothing beside it: the totals of two are closed
        ("A: 3 0 0 / B: 2 4 20 / C: 50 60", "A1 B1 B2", "A B"),
        ("A: 2 0 / B: 0 4 / C: 50 60", "A1 B2", "A B"),
    ],
)
def test_as_little_more_is_suppressed_as_the_rule_needs(text, hidden, closed):
    counts, parents = table(text)
    published = assert_nothing_is_given_away(counts, parents, 5)
    assert published.counts.index[published.counts.isna()].tolist() == hidden.split()
    assert published.totals.index[published.totals.isna()].tolist() == closed.split()
    assert published.total == counts.sum()


def test_a_lone_small_count_closes_every_total():
    published = gg.suppress_small_counts(pd.Series({"G1": 3, "G2": 0}))
    assert published.counts.isna().tolist() == [True, False]
    assert published.totals.isna().all()
    assert published.total is None


def test_from_one_up_everything_may_be_published():
    published = gg.suppress_small_counts(pd.Series({"G1": 1, "G2": 2}), smallest=1)
    assert published.counts.tolist() == [1, 2]
    assert (published.totals.to_dict(), published.total) == ({"": 3}, 3)


def test_the_order_of_rows_changes_nothing():
    random = np.random.default_rng(0)
    counts, parents = table("A: 3 7 7 7 / B: 1 0 / C: 9 9 30")
    whole = gg.suppress_small_counts(counts, parents)
    other = gg.suppress_small_counts(counts.iloc[random.permutation(len(counts))], parents)
    pd.testing.assert_series_equal(other.counts.reindex(counts.index), whole.counts)
    pd.testing.assert_series_equal(other.totals, whole.totals)


def test_rates_go_with_their_counts_and_scores_are_not_published():
    spots = pd.DataFrame(
        {"count": [3, 20, 30], "rate": [1.0, 2.0, 3.0], "z": 0.1, "p": 0.1, "q": 0.1, "smoothed_rate": 2.0,
         "kind": "none"},
        index=pd.Index(["A1", "A2", "A3"], name="area_id"),
    )  # fmt: skip
    shown, published = publish_spots(spots)
    assert list(shown.columns) == ["count", "rate", "kind", "suppressed"]
    assert shown["suppressed"].tolist() == shown["rate"].isna().tolist() == [True, True, False]
    assert published.total == 53


@pytest.mark.parametrize(
    ("counts", "parents", "smallest", "words"),
    [
        ({"A": -1}, None, 5, "count of 'A' is -1, not a whole number from 0 up"),
        ({"A": 1.5}, None, 5, "count of 'A' is 1.5"),
        ({"A": None}, None, 5, "count of 'A' is"),
        ({"A": 1, "B": 2}, {"A": "C"}, 5, "area 'B' has no parent"),
        ({"A": 1}, None, 0, "smallest is 0, it must be 1 or more"),
    ],
)
def test_bad_input_is_refused(counts, parents, smallest, words):
    with pytest.raises(gg.TableError, match=words):
        gg.suppress_small_counts(pd.Series(counts), None if parents is None else pd.Series(parents), smallest=smallest)
