"""Before and after a redraw, the same ground is compared with itself."""

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import TableError

START = pd.Timestamp("2026-10-01T00:00Z")


def lineage(*rows):
    table = pd.DataFrame(rows, columns=["before_id", "after_id", "households", "change"])
    return table.assign(area_m2=table["households"] * 100.0)


def rates(days=30, **areas):
    """Count incidents by area: how many were received, how many of them filed and closed."""
    rows = [
        (area, done)
        for area, (received, filed) in areas.items()
        for done in [True] * filed + [False] * (received - filed)
    ]
    ids = pd.Index([f"I{number}" for number in range(len(rows))], name="incident_id", dtype="str")
    incidents = pd.DataFrame(
        {"reported_at": START, "category": "noise", "area_id": [row[0] for row in rows]}, index=ids
    )
    filed = ids[[row[1] for row in rows]]
    log = pd.DataFrame({"incident_id": filed, "status": "accepted", "at": START})
    return gg.incident_rates(incidents, log, since=START, until=START + pd.Timedelta(days=days))


SPLIT = lineage(("A", "A", 400, "kept"), ("B", "B1", 300, "split"), ("B", "B2", 300, "split"),
                ("C", "CD", 200, "merged"), ("D", "CD", 200, "merged"))  # fmt: skip
BEFORE = rates(A=(20, 10), B=(20, 20), C=(10, 5), D=(30, 15))
AFTER = rates(A=(20, 15), B1=(10, 10), B2=(30, 0), CD=(40, 30))


def test_areas_that_were_split_or_merged_are_compared_as_their_union():
    found = gg.compare_rates(BEFORE, AFTER, SPLIT)
    assert found.index.tolist() == ["A", "B1", "CD"]
    assert found["before_ids"].tolist() == ["A", "B", "C D"]
    assert found["after_ids"].tolist() == ["A", "B1 B2", "CD"]
    assert found["change"].tolist() == ["kept", "split", "merged"]
    assert found["households"].tolist() == [400, 600, 400]
    assert found["area_m2"].tolist() == [40_000.0, 60_000.0, 40_000.0]
    assert found["filing_rate_before"].tolist() == [0.5, 1.0, 0.5]
    assert found["filing_rate_after"].tolist() == [0.75, 0.25, 0.75]
    assert found["filing_rate_change"].tolist() == [0.25, -0.75, 0.25]


def test_a_union_is_not_the_mean_of_its_parts():
    found = gg.compare_rates(rates(C=(10, 10), D=(30, 0)), rates(CD=(10, 10)), SPLIT)
    assert found.loc["CD", "filing_rate_before"] == 0.25


def test_what_moved_ties_areas_together_unless_it_is_too_small():
    moved = lineage(("A", "A", 380, "kept"), ("A", "B", 20, "moved"), ("B", "B", 400, "kept"))
    together = gg.compare_rates(rates(A=(20, 10)), rates(B=(20, 20)), moved)
    assert together[["before_ids", "change", "households"]].to_numpy().tolist() == [["A B", "redrawn", 800]]
    assert together["filing_rate_change"].tolist() == [0.5]
    apart = gg.compare_rates(rates(A=(20, 10)), rates(B=(20, 20)), moved, least_share=0.06)
    assert apart["change"].tolist() == ["kept", "kept"]
    assert apart["households"].tolist() == [380, 400]
    assert apart["households_across"].tolist() == [20, 20]


def test_no_area_is_left_without_its_ground():
    crumbs = lineage(
        *[("A", f"B{number}", 10, "moved") for number in range(9)], *[(f"B{n}", f"B{n}", 500, "kept") for n in range(9)]
    )
    found = gg.compare_rates(rates(A=(10, 5)), rates(B0=(10, 5)), crumbs, least_share=0.5)
    assert set(" ".join(found["before_ids"]).split()) == {"A", *(f"B{number}" for number in range(9))}
    assert found["received_before"].sum() == 10


def test_counts_are_conserved():
    found = gg.compare_rates(BEFORE, AFTER, SPLIT)
    assert found["received_before"].sum() == 80
    assert found["received_after"].sum() == 100
    assert found["filed_after"].sum() == 55


def test_periods_of_different_length_are_told():
    found = gg.compare_rates(BEFORE, rates(days=60, A=(20, 15)), SPLIT)
    assert found.loc["A", ["daily_before", "daily_after"]].tolist() == pytest.approx([20 / 30, 20 / 60])
    assert found["note"].unique().tolist() == [
        "periods differ: 30 days before, 60 days after; compare rates and reports a day, not counts"
    ]
    assert gg.compare_rates(BEFORE, AFTER, SPLIT)["note"].isna().all()


def test_an_area_where_nothing_was_reported_has_no_rate():
    found = gg.compare_rates(rates(A=(20, 10)), AFTER, SPLIT)
    assert found.loc["CD", "received_before"] == 0
    assert pd.isna(found.loc["CD", ["filing_rate_before", "filing_rate_change"]]).all()


def test_small_counts_are_marked():
    found = gg.compare_rates(rates(A=(9, 9)), rates(A=(20, 20)), SPLIT)
    assert found["is_small"].to_dict() == {"A": True, "B1": False, "CD": False}


def test_the_order_of_rows_does_not_matter():
    turned = gg.compare_rates(BEFORE[::-1], AFTER[::-1], SPLIT[::-1])
    pd.testing.assert_frame_equal(turned, gg.compare_rates(BEFORE, AFTER, SPLIT))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(TableError, match="after the redraw: area 'Z' is not in the lineage's after_id"):
        gg.compare_rates(BEFORE, rates(Z=(1, 1)), SPLIT)
    with pytest.raises(TableError, match="before the redraw: column 'received' is missing"):
        gg.compare_rates(BEFORE.drop(columns="received"), AFTER, SPLIT)
    with pytest.raises(TableError, match=r"change of .* is 'lost', not one of"):
        gg.compare_rates(BEFORE, AFTER, SPLIT.assign(change="lost"))
    with pytest.raises(TableError, match="least_share is 2, not from 0 to 1"):
        gg.compare_rates(BEFORE, AFTER, SPLIT, least_share=2)


def test_slivers_and_land_that_came_or_went_tie_nothing_together():
    rows = lineage(("A", "A", 400, "kept"), ("A", "B", 0, "sliver"), ("B", "B", 300, "kept"), (None, "N", 50, "added"),
                   ("O", None, 20, "gone"), ("B", None, 10, "gone"))  # fmt: skip
    found = gg.compare_rates(rates(A=(20, 10), O=(5, 5)), rates(A=(20, 20), N=(10, 5)), rows)
    assert found["change"].to_dict() == {"A": "kept", "B": "kept", "N": "added", "O": "gone"}
    assert found["received_before"].to_dict() == {"A": 20, "B": 0, "N": 0, "O": 5}
    assert found["received_after"].to_dict() == {"A": 20, "B": 0, "N": 10, "O": 0}
    assert found["households_across"].to_dict() == {"A": 0, "B": 10, "N": 0, "O": 0}
