"""Points of an assessment: what its source states, and what one must state oneself."""

import numpy as np
import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError, TableError

OPEN = {
    "reporting_share": {"base": 0.0, "points_at_base": 0, "points_a_percent": 1, "low": 0, "high": 30},
    "completion_rate": {"points_at_base": 18, "low": 0, "high": 20},
    "satisfaction_rate": {"base": 0.95, "points_at_base": 20, "points_a_percent": 1, "low": 0, "high": 20},
}


def rates(reporting=0.1, completion=0.9, satisfaction=0.95):
    columns = {"reporting_share": reporting, "completion_rate": completion, "satisfaction_rate": satisfaction}
    return pd.DataFrame(columns, index=pd.Index(["P1"], name="officer_id"))


def points(column="points", stated=OPEN, **given):
    return gg.score_rates(rates(**given), gg.load_assessment("township"), stated)[column].iloc[0]


def test_the_township_gives_70_points_for_business():
    assert gg.list_assessments() == ["township"]
    township = gg.load_assessment("township")
    assert {measure.rate: measure.weight for measure in township.measures} == {
        "reporting_share": 30,
        "completion_rate": 20,
        "satisfaction_rate": 20,
    }
    completion = township.measures[1]
    assert (completion.base, completion.points_a_percent, completion.points_at_base) == (0.9, 1, None)


@pytest.mark.parametrize(("rate", "wanted"), [(0.90, 18), (0.91, 19), (0.88, 16), (0.92, 20), (1.0, 20), (0.5, 0)])
def test_completion_moves_one_point_a_percentage_point_from_90_percent(rate, wanted):
    assert points("completion_points", completion=rate) == pytest.approx(wanted)


def test_points_are_summed_and_missing_where_a_rate_is():
    assert points() == pytest.approx(10 + 18 + 20)
    assert np.isnan(points(satisfaction=np.nan))
    assert points("completion_points", satisfaction=np.nan) == pytest.approx(18)


def test_what_nobody_states_is_not_guessed():
    with pytest.raises(
        ProfileError, match="'reporting_share': the source does not state base, points_at_base, points_a"
    ):
        points(stated=None)
    with pytest.raises(ProfileError, match="'completion_rate': the source does not state low"):
        points(stated={**OPEN, "completion_rate": {"points_at_base": 18, "high": 20}})


def test_the_source_cannot_be_contradicted():
    wrong = {**OPEN, "completion_rate": {**OPEN["completion_rate"], "base": 0.8}}
    with pytest.raises(ProfileError, match=r"base is 0.8, and the source states 0.9"):
        points(stated=wrong)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"closing_rate": {}}, "has no measure 'closing_rate'; it has reporting_share"),
        ({**OPEN, "completion_rate": {"bottom": 0}}, "has no 'bottom'"),
        ({**OPEN, "completion_rate": {"points_at_base": "many", "low": 0, "high": 20}}, "points_at_base is 'many'"),
        ({**OPEN, "completion_rate": {"points_at_base": 18, "low": 30, "high": 20}}, "low is 30, above high, 20"),
    ],
)
def test_what_is_stated_wrongly_is_refused(stated, words):
    with pytest.raises(ProfileError, match=words):
        points(stated=stated)


def test_rates_without_a_column_are_refused():
    with pytest.raises(TableError, match="column 'completion_rate' is missing"):
        gg.score_rates(rates().drop(columns="completion_rate"), gg.load_assessment("township"), OPEN)


def test_an_assessment_of_ones_own_is_checked_line_by_line(tmp_path):
    path = tmp_path / "ours.toml"
    text = 'name = "ours"\n[[measures]]\nrate = "closure_rate"\nweight = 10\nbase = 0.9\npoints_at_base = 5\n'
    text += "points_a_percent = 0.5\nlow = 0\nhigh = 10\n"
    path.write_text(text, encoding="utf-8")
    found = gg.score_rates(pd.DataFrame({"closure_rate": [0.94]}), gg.load_assessment(path))
    assert found["closure_points"].tolist() == pytest.approx([7.0])
    for old, new, words in [
        ("base = 0.9", "base = 90", r"line 5: measures\[1\].base = 90 is no number from 0 to 1"),
        ("low = 0", "low = 11", r"line 8: measures\[1\].low = 11 is above high = 10"),
        ("weight = 10", "wait = 10", r"line 4: measures\[1\].wait is not known"),
        ("weight = 10\n", "", r"line 2: measures\[1\].weight is missing"),
    ]:
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ProfileError, match=words):
            gg.load_assessment(path)
