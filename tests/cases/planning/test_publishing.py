"""``publish_plan`` judges, tells what became of what, and never uses an id again for other land."""

from datetime import date

import pytest
from planned_town import NEW_YEAR, OCTOBER, TODAY, TURNED, fill, plan

import gridgeo as gg

BROKEN = "11122344\n11122344"


@pytest.fixture
def town(store):
    return fill(store)


def put(store, what, **terms):
    return gg.publish_plan(store, what, **{"valid_from": OCTOBER, "by": "Li Min", "today": TODAY, **terms})


def test_a_draft_is_published_with_its_lineage_and_closed(town):
    draft_id = town.open_draft("October", by="Li Min", today=TODAY)
    town.append_edits(draft_id, [gg.write_edit(gg.Merge(["G1", "G2"]))], expected_revision=0, by="Li Min", today=TODAY)
    made = put(town, draft_id, override_reason="one large grid is wanted")
    assert (made.version, made.before_version) == (2, 1)
    assert town.draft(draft_id).state == "published"
    rows = town.lineage(OCTOBER)
    merged = rows[rows["change"] == "merged"]
    assert merged["before_id"].tolist() == ["G1", "G2"]
    assert merged["after_id"].nunique() == 1
    assert merged["households"].tolist() == [400, 400]
    assert made.summary()["households_moved"] == 800
    assert town.findings(OCTOBER)["severity"].value_counts()["error"] == made.summary()["errors"] == 1


def test_errors_refuse_a_plan_and_a_reason_overrides_them(town):
    with pytest.raises(gg.EditError, match=r"not published: 4 findings are errors \(audit-grid-F0001: G2 reaches"):
        put(town, plan(BROKEN))
    assert len(town.plans()) == 1
    put(town, plan(BROKEN), override_reason="the border follows next month")
    row = town.plans().iloc[-1]
    assert (row["published_by"], row["override_reason"]) == ("Li Min", "the border follows next month")


def test_nobody_overrides_without_a_reason(town):
    with pytest.raises(gg.EditError, match="override_reason"):
        put(town, plan(BROKEN), override_reason=" ")
    assert len(town.plans()) == 1


def test_a_trial_writes_nothing(town):
    made = put(town, plan(BROKEN), dry_run=True)
    assert made.version is None
    assert made.summary()["errors"] == 4
    assert len(town.plans()) == 1
    assert "would be in force from 2026-10-01" in str(made)


def test_a_plan_drawn_anew_gets_ids_that_were_never_used(town):
    drawn = plan("22114433\n22114433")  # the same land, numbered the other way round
    made = put(town, drawn)
    assert town.owner("grid", OCTOBER).to_dict() == town.owner("grid", NEW_YEAR).to_dict()
    assert made.renewed == {"G1": "G2", "G2": "G1", "G3": "G4", "G4": "G3"}
    assert (made.lineage["change"] == "kept").all()


def test_a_retired_id_is_never_used_again(town):
    bench = gg.open_workbench(town, name="October", by="Li Min", today=TODAY)
    bench.apply(gg.Merge(["G1", "G2"]), by="Li Min")
    bench.publish(valid_from=OCTOBER, by="Li Min", override_reason="wanted")
    held = set(town.reserved()["word"])
    with pytest.raises(gg.TableError, match="again"):
        put(town, plan("11133344\n11122244"), valid_from=date(2026, 11, 1), renew=False, override_reason="x")
    made = put(town, plan(), valid_from=date(2026, 11, 1))
    fresh = set(made.plan.register.query("level == 'grid'").index) - {"G3", "G4"}
    assert len(fresh) == 2
    assert not fresh & held
    assert set(made.renewed.values()) == {"G1", "G2"}


def test_a_first_plan_has_no_lineage(store):
    made = put(store, plan(), valid_from=NEW_YEAR, allow_past=True)
    assert (made.version, made.before_version, made.lineage) == (1, 0, None)
    assert store.areas("grid", OCTOBER)["households"].tolist() == [400] * 4


def test_a_day_that_is_past_is_refused(town):
    with pytest.raises(gg.TableError, match="valid_from 2026-09-12 is past"):
        put(town, plan(), valid_from=date(2026, 9, 12))


def test_a_draft_at_another_revision_than_the_one_seen_is_refused(town):
    bench = gg.open_workbench(town, name="October", by="Li Min", today=TODAY)
    bench.apply(gg.Rename("G1", "东苑"), by="Wang Wei")
    with pytest.raises(gg.StalePlanError, match="is at revision 1, you expected 0"):
        put(town, bench.draft_id, expected_revision=0)
    assert len(town.plans()) == 1


def test_a_draft_is_not_published_twice(town):
    bench = gg.open_workbench(town, name="October", by="Li Min", today=TODAY)
    bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    put(town, bench.draft_id)
    with pytest.raises(gg.StalePlanError, match="was published as version 2"):
        put(town, bench.draft_id)


def test_a_draft_whose_base_is_not_in_force_on_the_day_is_refused_unless_forced(town):
    bench = gg.open_workbench(town, name="October", by="Li Min", today=TODAY)
    bench.apply(gg.Rename("G1", "东苑"), by="Li Min")
    put(town, plan(TURNED), valid_from=date(2026, 9, 20))
    with pytest.raises(gg.StalePlanError, match="starts from version 1, but version 2 is in force"):
        put(town, bench.draft_id)
    assert town.draft(bench.draft_id).state == "open"
    assert put(town, bench.draft_id, force=True).version == 3


def test_officers_and_duties_may_come_along(town):
    more = town.officers(TODAY).rename(index={"O3": "O9"})
    duties = town.duties(TODAY).query("officer_id != 'O3'")
    put(town, plan(TURNED), officers=more, duties=duties)
    assert "O9" in town.officers(OCTOBER).index
    assert "O9" not in town.officers(TODAY).index


def test_there_is_no_such_draft(town):
    with pytest.raises(gg.UnknownAreaError, match="no draft 7"):
        put(town, 7)


def test_a_plan_has_no_revision_to_expect(town):
    with pytest.raises(gg.TableError, match="expected_revision"):
        put(town, plan(), expected_revision=1)
