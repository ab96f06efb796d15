"""Visits: who is due when, who is overdue, and how much of an area was visited."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from gridgeo.model.errors import ProfileError, TableError
from gridgeo.operate.visit_rule_book import list_visit_rules, load_visit_rules, read_visit_rules
from gridgeo.operate.visits import check_visits, visit_coverage, visits_due

DAY = date(2026, 11, 22)
QUARTER = read_visit_rules('name = "q"\nsource = "s"\n[[rules]]\nid = "q"\nkind = "household"\nevery = "quarter"')
SWEEP = read_visit_rules('name = "w"\nsource = "s"\n[[rules]]\nid = "w"\nkind = "village"\non_days = [15, 1]')


def subjects(*rows, kind="household"):
    """List subjects as (id, area, since, groups)."""
    rows = [(*row, *[None] * (4 - len(row))) for row in rows]
    ids, areas, since, groups = zip(*rows, strict=True)
    table = pd.DataFrame({"kind": kind, "area_id": areas, "since": since, "groups": groups})
    return table.set_axis(pd.Index(ids, name="subject_id", dtype="str"))


def visits(**days):
    """List visits at 09:00 in Shanghai of days as 2026-MM-DD."""
    rows = [(name, f"{day}T09:00:00+08:00") for name, each in days.items() for day in each.split()]
    return pd.DataFrame(rows, columns=["subject_id", "at"])


def told(table, *columns):
    return [tuple(str(value)[:10] if isinstance(value, pd.Timestamp) else value for value in row)
            for row in table[list(columns)].itertuples(index=False)]  # fmt: skip


def test_a_visit_serves_its_quarter_and_the_next_is_due_at_the_end_of_the_next():
    homes = subjects(("done", "A"), ("open", "A"), ("late", "B"), ("later", "B"))
    made = visits(done="2026-10-01", open="2026-07-01 2026-09-30", late="2026-06-30", later="2026-01-05")
    found = visits_due(homes, made, QUARTER, DAY)
    assert told(found, "state", "due_on", "days_overdue") == [
        ("done", "2027-03-31", 0),
        ("open", "2026-12-31", 0),
        ("overdue", "2026-09-30", 53),
        ("overdue", "2026-06-30", 145),
    ]
    assert found["visits"].to_list() == [1, 0, 0, 0]
    assert set(told(found, "period_from", "period_until")) == {("2026-10-01", "2027-01-01")}


def test_the_day_on_which_a_visit_is_due_is_not_overdue():
    homes, made = subjects(("H",)), visits(H="2026-03-31")
    found = [
        visits_due(homes, made, QUARTER, day)["days_overdue"].item() for day in (date(2026, 6, 30), date(2026, 7, 1))
    ]
    assert found == [0, 1]


def test_days_are_those_of_the_place():
    homes = subjects(("H",))
    made = pd.DataFrame(
        {"subject_id": ["H"], "at": [datetime(2026, 9, 30, 16, 0, tzinfo=UTC)]}
    )  # 1 October in Shanghai
    assert visits_due(homes, made, QUARTER, DAY)["state"].item() == "done"
    assert visits_due(homes, made, QUARTER, DAY, zone="UTC")["state"].item() == "open"


def test_who_comes_inside_a_quarter_owes_its_first_visit_in_the_next():
    homes = subjects(("old", "A", date(2026, 7, 1)), ("mid", "A", date(2026, 7, 2)), ("new", "A", date(2026, 11, 1)))
    found = visits_due(homes, visits(), QUARTER, DAY)
    assert told(found, "state", "due_on", "is_required") == [
        ("overdue", "2026-09-30", True),
        ("open", "2026-12-31", True),
        ("open", "2027-03-31", False),
    ]
    same = visits_due(homes, visits(), QUARTER, DAY, newcomers="same")
    assert told(same, "due_on") == [("2026-09-30",), ("2026-09-30",), ("2026-12-31",)]


def test_without_a_first_day_nobody_owes_more_than_is_recorded():
    homes = subjects(("H",))
    assert told(visits_due(homes, visits(), QUARTER, DAY), "state", "due_on") == [("open", "2026-12-31")]
    recorded = visits_due(homes, visits(), QUARTER, DAY, recorded_from=date(2026, 1, 1))
    assert told(recorded, "state", "due_on") == [("overdue", "2026-03-31")]


def test_a_sweep_is_due_on_its_day_and_may_be_made_until_the_next():
    villages = subjects(("V",), kind="village")
    days = {date(2026, 11, 14): "2026-11-01", date(2026, 11, 15): "2026-11-15", date(2026, 11, 17): "2026-11-15"}
    for day, due_on in days.items():
        found = visits_due(villages, visits(V="2026-10-31"), SWEEP, day)
        assert told(found, "due_on") == [("2026-11-01",)], (day, due_on)
        found = visits_due(villages, visits(V="2026-11-03"), SWEEP, day)
        assert told(found, "due_on", "days_overdue") == [("2026-11-15", max((day - date(2026, 11, 15)).days, 0))]
    found = visits_due(villages, visits(V="2026-11-16"), SWEEP, DAY)
    assert told(found, "state", "due_on", "period_from", "period_until") == [
        ("done", "2026-12-01", "2026-11-15", "2026-12-01")
    ]


def test_the_strictest_rule_that_fits_a_subject_counts():
    rules = load_visit_rules("inner-mongolia", "siming-2012")
    homes = subjects(("H", "A"), ("E", "A", None, "tall empty_nest"))
    firms = subjects(("F", "A"), ("K", "A", None, "key"), kind="firm")
    others = subjects(("G", "A"), kind="grid"), subjects(("X", "A"), kind="boat")
    things = pd.concat([homes, others[0], firms, others[1]])
    found = visits_due(things, visits(E="2026-10-30"), rules, DAY)
    assert found["rule_id"].fillna("").to_list() == ["household", "listed", "patrol", "firm", "key_firm", ""]
    assert found["state"].to_list() == ["open", "open", "open", "open", "open", "no_rule"]
    assert told(found.iloc[:5], "due_on") == [(f"2026-{day}",) for day in ("12-31", "11-30", "11-22", "12-31", "12-31")]
    assert found["due_on"].isna().to_list() == [False] * 5 + [True]


def test_coverage_counts_the_subjects_that_owe_a_visit():
    homes = subjects(
        ("a", "A"), ("b", "A"), ("c", "A", date(2026, 11, 1)), ("d", "B"), ("e"), ("f", "C", date(2027, 1, 1))
    )
    made = visits(a="2026-10-02 2026-10-03", c="2026-11-03", d="2026-02-01")
    table = visit_coverage(visits_due(homes, made, QUARTER, DAY))
    assert table.index.fillna("").to_list() == ["A", "B", ""]
    assert table.to_dict("list") == {
        "subjects": [3, 1, 1],
        "required": [2, 1, 1],
        "visited": [1, 0, 0],
        "share": [0.5, 0.0, 0.0],
        "overdue": [0, 1, 0],
        "longest_overdue_days": [0, 145, 0],
        "no_rule": [0, 0, 0],
    }
    by_rule = visit_coverage(visits_due(homes, made, QUARTER, DAY), by=["area_id", "rule_id"])
    assert by_rule.loc[("A", "q"), "required"] == 2
    newcomers = visit_coverage(visits_due(homes.loc[["c"]], made[made["subject_id"] == "c"], QUARTER, DAY))
    assert newcomers["required"].item() == 0
    assert np.isnan(newcomers["share"].item())


def test_a_subject_that_is_gone_owes_nothing():
    homes = subjects(("gone", "A"), ("there", "A")).assign(until=[DAY, DAY + timedelta(days=1)])
    found = visits_due(homes, visits(), QUARTER, DAY)
    assert found["state"].to_list() == ["absent", "open"]
    assert visit_coverage(found)["subjects"].to_list() == [1]


def test_visits_that_cannot_be_are_told_and_do_not_count():
    homes = subjects(("H", "A", date(2026, 10, 5)), ("G", "A")).assign(until=[None, date(2026, 11, 1)])
    made = visits(H="2026-10-04 2026-11-23", X="2026-10-09", G="2026-11-01").set_axis(["p", "q", "r", "s"])
    made.loc["t"] = ["H", None]
    found = check_visits(homes, made, DAY)
    assert found["fault"].to_dict() == {"p": "before_subject", "q": "future", "r": "unknown_subject",
                                        "s": "after_subject", "t": "no_instant"}  # fmt: skip
    assert visits_due(homes, made, QUARTER, DAY)["last_visit_at"].isna().all()
    assert check_visits(homes, visits(H="2026-10-05 2026-11-22"), DAY).empty


def test_an_instant_parts_the_visits_of_a_day():
    homes, made = subjects(("H",)), visits(H="2026-11-22")
    before, after = (datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (0, 2))
    assert visits_due(homes, made, QUARTER, before)["visits"].item() == 0
    assert visits_due(homes, made, QUARTER, after)["visits"].item() == 1


@pytest.mark.parametrize(
    "at",
    [pd.Series([datetime(2026, 10, 1)]), pd.Series(["2026-10-01T09:00:00"]), pd.Series(["2026-10-01"]),
     pd.Series([datetime(2026, 10, 1)], dtype=object), pd.Series(["yesterday+08:00"]), pd.Series([5], dtype=object)],
)  # fmt: skip
def test_an_instant_without_a_zone_is_refused(at):
    with pytest.raises(TableError, match="visits: at of row 0"):
        visits_due(subjects(("H",)), pd.DataFrame({"subject_id": ["H"], "at": at}), QUARTER, DAY)


@pytest.mark.parametrize(
    ("changed", "options", "words"),
    [
        ({"since": "soon"}, {}, "since of 'H' is 'soon'"),
        ({"since": date(2026, 2, 1), "until": date(2026, 1, 1)}, {}, "until of 'H' is before its since"),
        ({}, {"zone": "Moon"}, "'Moon' is no time zone"),
        ({}, {"newcomers": "never"}, "newcomers is 'never'"),
        ({}, {"recorded_from": "2026"}, "recorded_from is '2026'"),
        ({}, {"at": datetime(2026, 11, 22)}, "no time zone"),
        ({}, {"at": "2026-11-22"}, "must be a day"),
        ({"kind": 5}, {}, "kind of 'H' is 5"),
    ],
)
def test_bad_input_is_named(changed, options, words):
    homes = subjects(("H",)).assign(**changed)
    with pytest.raises(TableError, match=words):
        visits_due(homes, visits(), QUARTER, **{"at": DAY, **options})


def test_coverage_by_a_column_that_is_not_there_is_refused():
    with pytest.raises(TableError, match="'street' is missing"):
        visit_coverage(visits_due(subjects(("H",)), visits(), QUARTER, DAY), by="street")


@pytest.mark.parametrize("name", list_visit_rules())
def test_every_published_rule_names_its_source(name):
    rules = load_visit_rules(name)
    assert rules.name == name
    assert all(rule.source and rule.en for rule in rules.rules)


def test_several_rules_keep_their_ids_apart():
    ids = [rule.id for rule in load_visit_rules("baoan", "township-three-level").rules]
    assert ids == ["baoan/patrol", "sweep", "joint", "township-three-level/patrol"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('every = "fortnight"', "line 6: rules.1..every = 'fortnight' is not one of day, week"),
        ("", "line 3: rules.1. needs either every or on_days"),
        ('every = "day"\non_days = [1]', "line 3: rules.1. needs either"),
        ("on_days = [1, 31]", "line 6: rules.1..on_days.2. = 31 is above 28"),
        ("on_days = [1, 1]", "line 6: .* more than once"),
        ("on_days = 1", "line 6: .*is no list"),
        ('evry = "day"', "line 6: rules.1..evry is not known; did you mean 'every'"),
        ('every = "day"\ngroups = ["a b"]', "line 7: .*no single word"),
        ('every = "day"\n[[rules]]\nid = "r"\nkind = "k"\nevery = "day"', "line 8: .* more than once"),
        ("every = ", "is no TOML"),
    ],
)
def test_a_faulty_file_is_told_by_its_line(tmp_path, lines, words):
    path = tmp_path / "own.toml"
    path.write_text(f'name = "n"\nsource = "s"\n[[rules]]\nid = "r"\nkind = "k"\n{lines}\n', "utf-8")
    with pytest.raises(ProfileError, match=words):
        load_visit_rules(path)


def test_rules_that_are_not_there_are_named():
    with pytest.raises(ProfileError, match="did you mean 'baoan'"):
        load_visit_rules("baoann")
    with pytest.raises(ProfileError, match="cannot be read"):
        load_visit_rules("nowhere/own.toml")
    with pytest.raises(ProfileError, match="no visit rules named"):
        load_visit_rules()
    with pytest.raises(ProfileError, match="rules is missing"):
        read_visit_rules('name = "n"\nsource = "s"')
