"""Laws of the store: what goes in comes out, and each day is answered as a plain list of versions would."""

import tempfile
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal
from stores import BACK_ENDS, new_place
from towns import CRS, EAST_M, NORTH_M

from gridgeo.model.errors import UnknownAreaError
from gridgeo.model.plan import Plan
from gridgeo.storage.store import open_store

FIRST = date(2026, 1, 1)


FEWER = settings(max_examples=max(5, settings.default.max_examples // 3))


on_both = pytest.mark.parametrize("back_end", BACK_ENDS)


@contextmanager
def a_store(back_end):
    with tempfile.TemporaryDirectory() as folder, open_store(new_place(folder, back_end)) as store:
        yield store


# Plans


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
maybe = st.one_of(st.none(), words)
columns = st.sampled_from(
    [
        (words, "str"),
        (maybe, "str"),
        (maybe, object),
        (st.integers(-(2**63), 2**63 - 1), "int64"),
        (st.floats(), "float64"),
        (st.floats(width=32), "float32"),
        (st.booleans(), "bool"),
        (st.one_of(st.none(), st.booleans()), "boolean"),
        (st.one_of(st.none(), st.integers(-(2**62), 2**62)), "Int64"),
        (st.one_of(st.none(), st.dates()), object),
        (st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), "datetime64[us]"),
        (st.one_of(st.none(), st.lists(st.integers(0, 9), max_size=3)), object),
        (st.sampled_from("abc"), "category"),
    ]
)


@st.composite
def plans(draw):
    """Draw a plan of a few atoms with corners anywhere, owners anyhow, and further columns of any type."""
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    count = width * height
    letters = "".join(chr(ord("A") + number) for number in range(count))
    lines = "\n".join(letters[row * width : (row + 1) * width] for row in range(height))
    levels = [draw(st.text("123", min_size=count, max_size=count)) for _ in range(2)]
    plan = drawn_plan(lines, grid=levels[0], micro=draw(st.sampled_from([levels[1], None])))
    east, north = draw(st.floats(-1e5, 1e5)), draw(st.floats(-1e5, 1e5))
    atoms = plan.atoms.set_geometry(plan.atoms.geometry.translate(east, north))
    order = draw(st.permutations(range(count)))
    for name in draw(st.lists(words.filter(lambda word: word not in atoms.columns), unique=True, max_size=3)):
        values, dtype = draw(columns)
        drawn = draw(st.lists(values, min_size=count, max_size=count))
        atoms[name] = pd.Series(drawn, index=atoms.index, dtype=dtype)
    fields = {"register": plan.register.sample(frac=1, random_state=draw(st.integers(0, 9)))}
    fields["manifest"] = draw(st.dictionaries(words, st.one_of(words, st.integers(), st.lists(words)), max_size=3))
    owners = {level: owner.iloc[order] for level, owner in plan.owners.items()}
    borders = plan.borders[plan.borders["atom_a"].isin(draw(st.sets(st.sampled_from(letters))))]
    revision = draw(st.integers(0, 2**31 - 1))
    return Plan(atoms.iloc[order], owners, profile=plan.profile, borders=borders, revision=revision, **fields)


@on_both
@given(plans())
def test_a_plan_comes_back_as_it_was(back_end, plan):
    with a_store(back_end) as store:
        store.publish(plan, valid_from=FIRST)
        found = store.plan(FIRST)
    assert_geodataframe_equal(found.atoms, plan.atoms)
    assert [shape.wkb for shape in found.atoms.geometry] == [shape.wkb for shape in plan.atoms.geometry]
    assert_frame_equal(found.register, plan.register)
    assert_frame_equal(found.borders, plan.borders)
    assert list(found.owners) == list(plan.owners)
    for level, owner in plan.owners.items():
        assert_series_equal(found.owner(level), owner)
    assert (found.manifest, found.revision, found.profile) == (plan.manifest, plan.revision, plan.profile)


# Days

VARIANTS = [drawn_plan("ABC\nDEF", grid=grid) for grid in ("112112", "133133", "444555")]
publishings = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=7)


@on_both
@FEWER
@given(publishings)
def test_each_day_is_answered_by_the_latest_plan_begun_and_of_those_the_last_published(back_end, history):
    with a_store(back_end) as store:
        listed = [
            (day, store.publish(VARIANTS[which], valid_from=FIRST + timedelta(day)), which) for day, which in history
        ]
        for day in range(11):
            at = FIRST + timedelta(day)
            begun = [row for row in listed if row[0] <= day]
            if not begun:
                with pytest.raises(UnknownAreaError):
                    store.owner(at=at)
                continue
            start, version, which = max(begun)
            later = [other for other, _, _ in listed if other > day]
            areas = store.areas(at=at)
            assert_series_equal(store.owner(at=at), VARIANTS[which].owner())
            assert set(areas["valid_from"]) == {FIRST + timedelta(start)}
            assert set(areas["valid_to"]) == {FIRST + timedelta(min(later)) if later else None}
            spans = store.plans().loc[version]
            assert (spans["valid_from"], spans["valid_to"]) == (areas["valid_from"].iloc[0], areas["valid_to"].iloc[0])


@on_both
@FEWER
@given(publishings)
def test_a_version_key_is_the_same_exactly_while_the_answer_is(back_end, history):
    with a_store(back_end) as store:
        seen = {}
        for start, which in history:
            store.publish(VARIANTS[which], valid_from=FIRST + timedelta(start))
            for day in (0, 4, 9):
                at = FIRST + timedelta(day)
                try:
                    areas = store.areas(at=at)
                except UnknownAreaError:
                    continue
                answer = areas.to_json(default=str)
                assert seen.setdefault((day, answer), store.version_key(at)) == store.version_key(at)
        for day in (0, 4, 9):
            keys = [key for (asked, _), key in seen.items() if asked == day]
            assert len(keys) == len(set(keys))


# Points


@on_both
@FEWER
@given(st.integers(0, 2), st.lists(st.tuples(st.floats(-0.5, 3.5), st.floats(-0.5, 2.5)), min_size=1, max_size=8))
def test_a_point_lies_where_its_area_says(back_end, which, places):
    plan = VARIANTS[which]
    with a_store(back_end) as store:
        for day, other in enumerate(VARIANTS):
            store.publish(other, valid_from=FIRST + timedelta(day))
        for east, north in places:
            x, y = EAST_M + 100 * east, NORTH_M + 100 * north
            touched = {
                level: plan.areas(level).index[shapely.intersects(plan.areas(level).geometry, shapely.Point(x, y))]
                for level in plan.levels
            }
            expected = {level: min(ids) for level, ids in touched.items() if len(ids)}
            assert store.area_ids_at(x, y, FIRST + timedelta(which)) == expected


# Incidents

reports = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.integers(0, 48), st.sampled_from(["noise", "litter"]), maybe, st.floats(0, 300), st.floats(0, 200)),
    min_size=1,
)


def as_incidents(rows):
    """Make table INCIDENTS of the rows of ``reports``."""
    index = pd.Index(list(rows), name="incident_id")
    hours, kinds, notes, easts, norths = zip(*rows.values(), strict=True)
    made = {
        "reported_at": [datetime(2026, 8, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in hours],
        "category": pd.Series(kinds, index=index, dtype="str"),
        "note": pd.Series(notes, index=index, dtype="str"),
    }
    places = shapely.points(EAST_M + np.array(easts), NORTH_M + np.array(norths))
    return gpd.GeoDataFrame(made, geometry=gpd.GeoSeries(places, crs=CRS, index=index), index=index)


@on_both
@FEWER
@given(st.lists(reports, min_size=1, max_size=4), st.integers(0, 48), st.integers(0, 48), st.floats(0, 300))
def test_incidents_are_what_a_dictionary_would_hold(back_end, saves, since, until, edge):
    held = {}
    with a_store(back_end) as store:
        for rows in saves:
            store.save_incidents(as_incidents(rows))
            held |= rows
        assert_geodataframe_equal(store.incidents(), as_incidents(held))
        start, end = (datetime(2026, 8, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in (since, until))
        found = store.incidents(start, end, "noise", (EAST_M, NORTH_M, EAST_M + edge, NORTH_M + 200))
    places = as_incidents(held).geometry.x
    wanted = [
        name
        for name, row in held.items()
        if since <= row[0] < until and row[1] == "noise" and places[name] <= EAST_M + edge
    ]
    assert found.index.tolist() == wanted
