"""Which unit answers for a category in an area: the nearest area up the tree, on its day."""

from datetime import date

import pandas as pd
import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError, TableError
from gridgeo.town.categories import CATEGORIES

TREE = pd.DataFrame({"parent_id": [None, "s", "c", "g"]}, index=["s", "c", "g", "m"])
DAY = date(2026, 9, 1)


def routes(*rows):
    columns = ["route_id", "category", "area_id", "unit", "valid_from", "valid_to"]
    return pd.DataFrame([(*row, *[None] * (6 - len(row))) for row in rows], columns=columns).set_index("route_id")


def unit(table, category, area_id, at=DAY):
    found = gg.find_routes(pd.Series([category]), pd.Series([area_id]), table, at, areas=TREE)
    return found["unit"].iloc[0]


def test_the_nearest_area_wins_over_those_above_and_everywhere():
    table = routes(("R1", "noise", None, "all"), ("R2", "noise", "c", "community"), ("R3", "noise", "g", "grid"))
    assert [unit(table, "noise", area) for area in ("m", "g", "c", "s")] == ["grid", "grid", "community", "all"]


def test_the_star_answers_for_what_no_other_row_names_there():
    table = routes(("R1", "*", "g", "star"), ("R2", "noise", None, "noise unit"), ("R3", "smoke", "s", "smoke unit"))
    assert [unit(table, category, "m") for category in ("noise", "smoke", "theft")] == [
        "noise unit",
        "smoke unit",
        "star",
    ]


def test_a_route_holds_on_its_days_only():
    table = routes(("R1", "noise", None, "old", None, DAY), ("R2", "noise", None, "new", DAY, None))
    assert [unit(table, "noise", "g", at) for at in (date(2026, 8, 31), DAY)] == ["old", "new"]
    later = routes(("R1", "noise", "g", "grid", date(2027, 1, 1)), ("R2", "noise", None, "all"))
    assert unit(later, "noise", "g") == "all"


def test_what_has_no_route_is_missing():
    assert pd.isna(unit(routes(("R1", "noise", "c", "community")), "smoke", "g"))
    assert pd.isna(unit(routes(("R1", "noise", "c", "community")), "noise", None))


def test_two_rows_for_one_category_place_and_day_are_refused():
    with pytest.raises(TableError, match="'R1' and 'R2' both say who answers for 'noise' in 'c'"):
        unit(routes(("R1", "noise", "c", "one"), ("R2", "noise", "c", "two")), "noise", "g")


def test_the_sample_of_a_township_has_18_kinds_in_6_groups_and_says_that_it_is_a_sample():
    table = gg.load_routes("township-sample")
    assert (len(table), table["group"].nunique()) == (18, 6)
    assert set(table.groupby("group").size()) == {3}
    assert "Sample" in table.attrs["title"]
    assert table.attrs["source"] == "sample; all names are gridgeo's own"
    assert table["unit"].notna().all()


def test_the_demonstration_town_has_a_route_for_each_of_its_categories():
    table = gg.load_routes("demonstration-town")
    assert sorted(table["category"]) == sorted(CATEGORIES)


def test_an_unknown_routing_table_is_named_with_the_nearest():
    assert gg.list_routes() == ["demonstration-town", "township-sample"]
    with pytest.raises(ProfileError, match="did you mean 'township-sample'"):
        gg.load_routes("township-sampel")


def test_a_routing_table_of_ones_own_is_read_from_its_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[all]\nnoise = { unit = "police" }\n"*" = { unit = "centre", roles = "full_time" }\n')
    table = gg.load_routes(path)
    assert table["unit"].tolist() == ["police", "centre"]
    assert unit(table.assign(area_id=None), "theft", "g") == "centre"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[all]\nnoise = { office = 1 }", "'noise' names no unit"),
        ('[all]\nnoise = { unit = "p", wait_h = 1 }', "says 'wait_h'"),
        ('[a]\nnoise = { unit = "p" }\n[b]\nnoise = { unit = "q" }', "stands in two groups"),
    ],
)
def test_a_file_that_breaks_the_form_is_named(tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TableError, match=words):
        gg.load_routes(path)
