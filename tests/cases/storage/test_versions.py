"""Hold the life of versions to their calendar: who may publish what, when it answers, how it is taken back."""

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import sqlalchemy as sa
from drawn_plans import drawn_plan
from pandas.testing import assert_frame_equal

from gridgeo.model.errors import EditError, StalePlanError, TableError, UnknownAreaError
from gridgeo.model.lineage_table import LINEAGE
from gridgeo.model.service_tables import OVERRIDES, ROUTES
from gridgeo.model.tables import FINDINGS, check, empty

ATOMS = """
    ABC
    DEF
"""
PLAN = drawn_plan(ATOMS, grid="112112")
REDRAWN = drawn_plan(ATOMS, grid="133133")
NEW_YEAR, JUNE, TODAY, AUTUMN = date(2026, 1, 1), date(2026, 6, 1), date(2026, 7, 1), date(2026, 10, 1)
FAR = date(9000, 1, 1)


def grids(store, at):
    return sorted(store.areas("grid", at=at).index)


def findings(*severities):
    rows = {
        f"F{number}": {
            "kind": "gap", "severity": severity, "area_ids": "G1", "value": 5.0, "limit": 0.0, "quantity": "m2",
            "message": f"gap {number} of 5 m2",
        }
        for number, severity in enumerate(severities)
    }  # fmt: skip
    made = pd.DataFrame.from_dict(rows, orient="index").rename_axis("finding_id")
    shapes = gpd.GeoSeries([None] * len(made), index=made.index, crs=PLAN.crs)
    return gpd.GeoDataFrame(made, geometry=shapes, crs=PLAN.crs) if len(made) else empty(FINDINGS, PLAN.crs)


# What a publishing is held to


def test_a_plan_that_was_made_on_another_version_is_refused(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR, expected_version=0)
    second = store.publish(REDRAWN, valid_from=JUNE, expected_version=first, by="王一")
    with pytest.raises(
        StalePlanError, match=f"version {second}, published by 王一 is in force, you expected version {first}"
    ):
        store.publish(PLAN, valid_from=AUTUMN, expected_version=first)
    with pytest.raises(StalePlanError, match="you expected no plan"):
        store.publish(PLAN, valid_from=AUTUMN, expected_version=0)
    assert len(store.plans()) == 2


def test_a_past_day_is_refused_once_the_day_is_told(store):
    with pytest.raises(TableError, match="valid_from 2026-06-01 is past, today is 2026-07-01"):
        store.publish(PLAN, valid_from=JUNE, today=TODAY)
    store.publish(PLAN, valid_from=TODAY, today=TODAY)
    store.publish(PLAN, valid_from=JUNE, today=TODAY, allow_past=True)
    assert len(store.plans()) == 2


def test_a_judge_sees_the_plan_and_the_one_before(store):
    seen = []

    def judge(plan, before):
        seen.append((plan, None if before is None else sorted(before.owner().unique())))
        return findings("warning")

    store.publish(PLAN, valid_from=NEW_YEAR, judge=judge)
    store.publish(REDRAWN, valid_from=JUNE, judge=judge)
    assert seen[0] == (PLAN, None)
    assert seen[1] == (REDRAWN, ["G1", "G2"])
    assert store.findings(at=JUNE)["severity"].tolist() == ["warning"]


def test_errors_that_the_judge_finds_refuse_the_plan_and_are_listed(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    with pytest.raises(EditError, match=r"5 findings are errors \(F0: gap 0 of 5 m2; F2: .*F3: .* and 2 more\)"):
        store.publish(
            REDRAWN,
            valid_from=JUNE,
            judge=lambda *_: findings("error", "warning", "error", "error", "error", "error"),
        )
    assert len(store.plans()) == 1
    assert len(store.reserved()) == 2 * len(PLAN.register)


def test_errors_are_overridden_with_a_reason_and_a_name_which_are_kept(store):
    asked = {"valid_from": NEW_YEAR, "judge": lambda *_: findings("error")}
    for words in ({"override_reason": " ", "by": "王一"}, {"override_reason": "the river moved"}):
        with pytest.raises(EditError, match="say why errors are overridden, and by whom"):
            store.publish(PLAN, **asked, **words)
    version = store.publish(PLAN, **asked, override_reason="the river moved", by="王一")
    row = store.plans().loc[version]
    assert (row["override_reason"], row["published_by"]) == ("the river moved", "王一")
    assert len(store.findings(at=NEW_YEAR)) == 1


def test_a_plan_that_is_published_while_the_judge_works_is_not_overwritten(store):
    store.publish(PLAN, valid_from=NEW_YEAR)

    def judge(*_):
        store.publish(PLAN, valid_from=JUNE)
        return findings()

    with pytest.raises(StalePlanError, match="compare your plan with it"):
        store.publish(REDRAWN, valid_from=JUNE, judge=judge)
    assert grids(store, JUNE) == ["G1", "G2"]


def test_a_judge_who_gives_no_findings_is_told_so(store):
    with pytest.raises(TableError, match="findings"):
        store.publish(PLAN, valid_from=NEW_YEAR, judge=lambda *_: pd.DataFrame({"x": [1]}))
    assert len(store.plans()) == 0


# Plans for days to come


def test_a_scheduled_plan_is_withdrawn_before_its_day_and_the_old_one_goes_on(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR)
    second = store.publish(REDRAWN, valid_from=AUTUMN)
    assert (grids(store, TODAY), grids(store, AUTUMN)) == (["G1", "G2"], ["G1", "G3"])
    store.withdraw(second, by="王一", why="the council said no", today=TODAY)
    assert grids(store, AUTUMN) == ["G1", "G2"]
    plans = store.plans()
    assert plans["valid_to"].tolist() == [None, AUTUMN]
    assert plans["state"].tolist() == ["in force", "withdrawn"]
    last = store.journal().iloc[-1]
    assert (last["action"], last["version"], last["why"]) == ("withdraw", second, "the council said no")
    with pytest.raises(StalePlanError, match="was withdrawn already"):
        store.withdraw(second, today=TODAY)
    third = store.publish(REDRAWN, valid_from=AUTUMN)
    assert (first, second) < (second, third)
    assert grids(store, AUTUMN) == ["G1", "G3"]


def test_a_plan_that_has_begun_is_never_withdrawn(store):
    first = store.publish(PLAN, valid_from=TODAY)
    for today in (TODAY, AUTUMN):
        with pytest.raises(StalePlanError, match="is in force since 2026-07-01, it cannot be withdrawn"):
            store.withdraw(first, today=today)
    with pytest.raises(UnknownAreaError, match="there is no version 9"):
        store.withdraw(9)
    assert grids(store, TODAY) == ["G1", "G2"]


def test_a_plan_between_two_goes_on_when_the_later_is_withdrawn(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    last = store.publish(PLAN, valid_from=FAR)
    store.publish(REDRAWN, valid_from=AUTUMN)
    store.withdraw(last, today=TODAY)
    assert grids(store, FAR) == ["G1", "G3"]


def test_a_plan_that_was_replaced_cannot_be_withdrawn_and_does_not_come_back(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    replaced = store.publish(PLAN, valid_from=AUTUMN)
    second = store.publish(REDRAWN, valid_from=AUTUMN)
    with pytest.raises(StalePlanError, match="was replaced on its first day"):
        store.withdraw(replaced, today=TODAY)
    store.withdraw(second, today=TODAY)
    assert store.plans()["state"].tolist() == ["in force", "replaced", "withdrawn"]


def test_a_plan_can_end_without_another_after_it(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR)
    with pytest.raises(StalePlanError, match="valid_to 2026-06-01 is past"):
        store.retire(first, valid_to=JUNE, by="王一", today=TODAY)
    with pytest.raises(StalePlanError, match="it cannot end on 2026-01-01"):
        store.retire(first, valid_to=NEW_YEAR, by="王一", today=date(2025, 1, 1))
    store.retire(first, valid_to=AUTUMN, by="王一", why="joined to the next town", today=TODAY)
    assert grids(store, AUTUMN - timedelta(1)) == ["G1", "G2"]
    with pytest.raises(UnknownAreaError, match="no plan is in force on 2026-10-01"):
        store.areas(at=AUTUMN)
    later = store.publish(REDRAWN, valid_from=AUTUMN)
    store.withdraw(later, today=TODAY)
    with pytest.raises(UnknownAreaError):
        store.areas(at=AUTUMN)


def test_plans_tell_their_state_and_what_was_in_force_before(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR)
    second = store.publish(REDRAWN, valid_from=JUNE)
    third = store.publish(PLAN, valid_from=FAR)
    plans = store.plans()
    assert plans["state"].tolist() == ["retired", "in force", "scheduled"]
    assert plans["before_version"].fillna(0).tolist() == [0, first, second]
    assert sorted(store.plan(version=third).owner().unique()) == ["G1", "G2"]
    with pytest.raises(TableError, match="name one"):
        store.plan(JUNE, version=third)


# What goes with a plan


def overrides(**columns):
    made = {
        "subject": "household", "subject_id": ["H1", "H2"], "host_area_id": ["G1", "G2"], "origin_area_id": None,
        "reason": "人户分离", "valid_from": [NEW_YEAR, AUTUMN], "valid_to": None,
    }  # fmt: skip
    return pd.DataFrame(made | columns, index=pd.Index(["V1", "V2"], name="override_id"))


def routes(**columns):
    made = {
        "category": ["*", "fire"], "group": None, "area_id": [None, "G2"], "unit": ["U1", "U2"], "roles": None,
        "valid_from": None, "valid_to": [None, AUTUMN],
    }  # fmt: skip
    return pd.DataFrame(made | columns, index=pd.Index(["R1", "R2"], name="route_id"))


def test_overrides_and_routes_answer_for_their_days(store):
    check(overrides(), OVERRIDES)
    check(routes(), ROUTES)
    assert len(store.publish(PLAN, valid_from=NEW_YEAR) and store.overrides(at=JUNE)) == len(store.routes(at=JUNE)) == 0
    store.publish(PLAN, valid_from=JUNE, overrides=overrides(), routes=routes())
    assert store.overrides(at=JUNE).index.tolist() == ["V1"]
    assert store.overrides(at=AUTUMN).index.tolist() == ["V1", "V2"]
    assert store.routes(at=JUNE).index.tolist() == ["R1", "R2"]
    assert store.routes(at=AUTUMN).index.tolist() == ["R1"]
    assert_frame_equal(store.overrides(at=AUTUMN), overrides())
    assert store.version_key(JUNE) != store.version_key(AUTUMN)


def test_overrides_and_routes_of_areas_that_are_gone_do_not_go_on(store):
    store.publish(PLAN, valid_from=NEW_YEAR, overrides=overrides(valid_from=None), routes=routes(valid_to=None))
    store.publish(REDRAWN, valid_from=JUNE)
    assert store.overrides(at=JUNE)["host_area_id"].tolist() == ["G1"]
    assert store.routes(at=JUNE).index.tolist() == ["R1"]


def test_what_answers_for_an_area_goes_on_under_its_new_id(store):
    renamed = drawn_plan(ATOMS, grid="115115")
    lineage = pd.DataFrame(
        {"before_id": ["G1", "G2"], "after_id": ["G1", "G5"], "households": [400, 200], "area_m2": [4e4, 2e4]}
    ).assign(change="kept")
    check(lineage, LINEAGE)
    store.publish(PLAN, valid_from=NEW_YEAR, overrides=overrides(valid_from=None), routes=routes(valid_to=None))
    store.publish(renamed, valid_from=JUNE, lineage=lineage)
    assert store.overrides(at=JUNE)["host_area_id"].tolist() == ["G1", "G5"]
    assert store.routes(at=JUNE)["area_id"].fillna("-").tolist() == ["-", "G5"]
    assert_frame_equal(store.lineage(at=JUNE), lineage)
    store.publish(renamed, valid_from=AUTUMN)
    assert len(store.lineage(at=AUTUMN)) == len(store.lineage(at=NEW_YEAR)) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"overrides": overrides(host_area_id=["G1", "G9"])}, "overrides: host_area_id of 'V2' is 'G9'"),
        ({"overrides": overrides(valid_to=NEW_YEAR)}, "overrides: 'V1' is valid from 2026-01-01 to 2026-01-01"),
        ({"routes": routes(area_id="G9")}, "routes: area_id of 'R1' is 'G9', which the plan does not hold"),
        ({"overrides": overrides(subject="person")}, "overrides: .*subject"),
    ],
)
def test_overrides_and_routes_that_cannot_be_are_refused(store, given, said):
    with pytest.raises(TableError, match=said):
        store.publish(PLAN, valid_from=NEW_YEAR, **given)
    assert len(store.plans()) == 0


# Work


def test_a_look_up_asks_the_same_with_50_versions(store):
    """How long it takes is measured by benchmarks/store.py; here, that no version adds a question or an answer."""
    squares = "\n".join("".join(chr(0x4E00 + 12 * row + column) for column in range(12)) for row in range(10))
    marks = "".join("123"[column // 4] for _ in range(10) for column in range(12))
    plan = drawn_plan_fast(squares, marks)

    def asked():
        told = []

        def note(_connection, cursor, statement, *_):
            told.append((statement, cursor.rowcount if cursor.rowcount >= 0 else None))

        sa.event.listen(store._readers, "after_cursor_execute", note)
        try:
            areas = store.areas("grid", at=NEW_YEAR)
            here = store.area_ids_at(500_050.0, 3_400_050.0, at=NEW_YEAR)
        finally:
            sa.event.remove(store._readers, "after_cursor_execute", note)
        return told, areas.drop(columns="valid_to"), here

    store.publish(plan[0], valid_from=NEW_YEAR)
    alone, areas, here = asked()
    for number in range(1, 50):
        store.publish(plan[number % 2], valid_from=NEW_YEAR + timedelta(number))
    among, areas_among, here_among = asked()
    assert among == alone
    assert_frame_equal(areas_among, areas)
    assert here_among == here


def drawn_plan_fast(squares, marks):
    """Draw two plans of one set of atoms that differ in one square."""
    letters = squares.replace("\n", "")
    one = drawn_plan(squares, grid=marks)
    changed = one.owners["grid"].copy()
    changed[letters[3]] = "G2"
    return one, type(one)(one.atoms, {**one.owners, "grid": changed}, one.register, one.profile, one.borders)
