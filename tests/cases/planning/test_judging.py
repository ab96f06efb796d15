"""``judge_plan`` says as errors what refuses a plan, and as warnings and notes what does not."""

import dataclasses

import pandas as pd
import pytest
from planned_town import TURNED, plan

import gridgeo as gg


def kinds(findings, severity):
    return findings.loc[findings["severity"] == severity, "kind"].tolist()


def test_a_plan_that_keeps_its_rules_has_no_error():
    assert kinds(gg.judge_plan(plan()), "error") == []


def test_a_grid_beyond_a_hard_band_is_an_error_of_its_clause():
    found = gg.judge_plan(plan("11122344\n11122344"))
    bands = found[(found["kind"] == "band") & (found["severity"] == "error")]
    assert bands["area_ids"].str.split(",").str[0].tolist() == ["G1", "G3"]
    assert bands.index.str.startswith("clause-").all()
    assert bands["value"].tolist() == [600, 200]


def test_a_grid_across_two_communities_is_an_error_of_the_audit():
    found = gg.judge_plan(plan("11122344\n11122344"))
    audits = found[found["kind"] == "outside_parent"]
    assert set(audits["severity"]) == {"error"}
    assert "audit-grid-F0001" in audits.index
    assert audits["area_ids"].str.split(",").str[0].unique().tolist() == ["G2"]


def test_a_hole_in_a_community_cannot_hide():
    drawn = plan()
    grids = drawn.owners["grid"].drop("a")
    found = gg.judge_plan(dataclasses.replace(drawn, owners={**drawn.owners, "grid": grids}))
    assert {"missing_area", "gap", "open_gap"} & set(kinds(found, "error"))


def test_a_band_that_a_certificate_excuses_is_a_warning():
    drawn = plan("11112344\n11112344")
    rows = {"area_id": "C1", "level": "grid", "reason": "total", "households": 800, "low": 300, "high": 500,
            "message": "nothing fits"}  # fmt: skip
    certificates = pd.DataFrame([rows], index=pd.Index(["N1"], name="certificate_id"))
    strict = gg.judge_plan(drawn)
    excused = gg.judge_plan(dataclasses.replace(drawn, certificates=certificates))
    say = {one: found.loc[found["kind"] == "band"].set_index("area_ids")["severity"] for one, found in
           (("strict", strict), ("excused", excused))}  # fmt: skip
    assert (say["strict"]["G1"], say["excused"]["G1"]) == ("error", "warning")
    assert (say["strict"]["G2"], say["excused"]["G2"]) == ("error", "error")  # G2 lies in C2, which nothing excuses
    assert "certificate" in excused.loc[excused["area_ids"] == "G1", "message"].iloc[0]


def test_codes_that_do_not_go_on_from_their_parents_are_left_to_the_clauses_of_the_city():
    found = gg.judge_plan(plan())
    assert found.loc[found["kind"] == "wrong_code", "severity"].tolist() == ["warning"]


@pytest.mark.parametrize(("notes", "severity"), [({"locked_areas": ["G1"]}, "error"), ({}, "warning")])
def test_an_area_that_is_locked_holds_what_it_held(notes, severity):
    before = plan(manifest={"locked_areas": ["G1"]})
    found = gg.judge_plan(plan(TURNED, manifest=notes), before)
    locks = found[found["kind"] == "locked"]
    assert locks[["severity", "area_ids"]].to_numpy().tolist() == [[severity, "G1"]]
    assert not (gg.judge_plan(plan(manifest=notes), before)["kind"] == "locked").any()


def test_an_atom_that_is_locked_stays_where_it_was():
    before = plan(manifest={"locked_atoms": ["c"]})
    found = gg.judge_plan(plan(TURNED, manifest={"locked_atoms": ["c"]}), before)
    assert found.loc[found["kind"] == "locked", ["severity", "thing"]].to_numpy().tolist() == [["error", "c"]]


def test_atoms_that_should_be_together_and_are_parted_are_a_warning():
    found = gg.judge_plan(plan(manifest={"keep_together": [["a", "h"], ["a", "b"]]}))
    together = found[found["kind"] == "keep_together"]
    assert together[["severity", "area_ids"]].to_numpy().tolist() == [["warning", "G1,G4"]]


def test_errors_stand_before_warnings_and_ids_are_not_repeated():
    found = gg.judge_plan(plan("11122344\n11122344"))
    rank = found["severity"].map({"error": 0, "warning": 1, "note": 2})
    assert rank.is_monotonic_increasing
    assert found.index.is_unique
