"""Hold publishing and looking up to what the store promises."""

from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from stores import new_store
from towns import CRS, EAST_M, NORTH_M, households_at, street_lines, town

from gridgeo.model.errors import CrsError, TableError, UnknownAreaError
from gridgeo.model.tables import CERTIFICATES, FINDINGS, check
from gridgeo.storage.store import open_store

NEW_YEAR, JUNE, OCTOBER = date(2026, 1, 1), date(2026, 6, 1), date(2026, 10, 1)
ATOMS = """
    ABC
    DEF
"""
PLAN = drawn_plan(ATOMS, grid="112112", micro="123123")
REDRAWN = drawn_plan(ATOMS, grid="133133", micro="123123")


def officers():
    return pd.DataFrame(
        {"name": ["王一", "李二"], "role": ["grid officer", "police"], "phone": ["138", None]},
        index=pd.Index(["O1", "O2"], name="officer_id"),
    )


def duties(**columns):
    made = {
        "officer_id": ["O1", "O2", "O1"],
        "area_id": ["G1", "G2", "C1"],
        "role": "in charge",
        "valid_from": [NEW_YEAR, NEW_YEAR, None],
        "valid_to": [None, JUNE, None],
    }
    return pd.DataFrame(made | columns, index=pd.Index(["D1", "D2", "D3"], name="duty_id"))


def addresses(**columns):
    made = households_at([(0.5, 0.5), (1.5, 0.25), (2.125, 1.75)])
    return made.assign(**({"address": ["溪桥路1号", "溪桥路2号", "溪桥路3号"], "floor": [1, -1, 7]} | columns))


def same_plan(one, other):
    assert_geodataframe_equal(one.atoms, other.atoms)
    assert shapely.equals_exact(one.atoms.geometry.to_numpy(), other.atoms.geometry.to_numpy(), 0.0).all()
    assert one.atoms.crs == other.atoms.crs
    assert list(one.owners) == list(other.owners)
    for level in one.owners:
        assert_series_equal(one.owner(level), other.owner(level))
        assert_geodataframe_equal(
            one.areas(level).drop(columns="valid_from"), other.areas(level).drop(columns="valid_from")
        )
    assert_frame_equal(one.register, other.register)
    assert_frame_equal(one.borders, other.borders)
    assert_frame_equal(pd.DataFrame(one.certificates), pd.DataFrame(other.certificates))
    assert type(one.certificates) is type(other.certificates)
    assert one.profile == other.profile
    assert dict(one.manifest) == dict(other.manifest)
    assert one.revision == other.revision


# Publishing and reading back


def test_a_plan_comes_back_as_it_was_published(store):
    version = store.publish(PLAN, valid_from=NEW_YEAR)
    found = store.plan(NEW_YEAR)
    assert isinstance(version, int)
    same_plan(PLAN, found)
    assert (PLAN.valid_from, found.valid_from) == (None, NEW_YEAR)


def test_coordinates_come_back_bit_for_bit(store):
    atoms = PLAN.atoms.copy()
    third = np.nextafter(1 / 3, 1)
    atoms.geometry = atoms.geometry.translate(third, -third)
    store.publish(drawn_plan_with(atoms=atoms), valid_from=NEW_YEAR)
    back = store.plan(NEW_YEAR).atoms
    assert [shape.wkb for shape in back.geometry] == [shape.wkb for shape in atoms.geometry]


def drawn_plan_with(**fields):
    names = ("atoms", "owners", "register", "profile", "borders", "certificates", "manifest", "revision")
    return type(PLAN)(**({name: getattr(PLAN, name) for name in names} | fields))


def test_certificates_revision_and_more_columns_come_back(store):
    community = town("A").geometry.to_numpy()
    certificates = gpd.GeoDataFrame(
        {
            "area_id": ["C1"],
            "level": ["grid"],
            "reason": ["total"],
            "households": [600],
            "low": [300],
            "high": [500],
            "relaxation": [None],
            "message": ["600 是办不到的"],
        },
        geometry=gpd.GeoSeries(community, crs=CRS, index=pd.Index(["K1"], name="certificate_id")),
        index=pd.Index(["K1"], name="certificate_id"),
    )
    check(certificates, CERTIFICATES)
    atoms = PLAN.atoms.assign(street=["溪桥路", None, "a", "b", "c", "d"], slope=np.float32(0.1), flags=[[1, 2]] * 6)
    atoms = atoms[["slope", "geometry", *[name for name in atoms.columns if name not in {"slope", "geometry"}]]]
    given = drawn_plan_with(certificates=certificates, revision=7, atoms=atoms)
    store.publish(given, valid_from=NEW_YEAR)
    same_plan(given, store.plan(NEW_YEAR))


def test_areas_come_back_as_the_plan_draws_them_with_the_days_of_the_version(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=OCTOBER)
    for level in PLAN.levels:
        found = store.areas(level, at=JUNE)
        assert_geodataframe_equal(found, PLAN.areas(level).assign(valid_from=NEW_YEAR, valid_to=OCTOBER))
    assert store.areas("grid", at=OCTOBER)["valid_to"].tolist() == [None, None]


def test_owner_is_that_of_the_day(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=OCTOBER)
    assert_series_equal(store.owner("grid", date(2026, 9, 30)), PLAN.owner("grid"))
    assert_series_equal(store.owner("grid", OCTOBER), REDRAWN.owner("grid"))


def test_a_frame_that_two_versions_share_is_stored_once(store):
    def rows():
        with store._connection(store._readers) as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM atoms").scalar()

    store.publish(PLAN, valid_from=NEW_YEAR)
    for day in range(2, 28):
        store.publish(PLAN, valid_from=date(2026, 1, day))
    assert rows() == len(PLAN.atoms)
    same_plan(PLAN, store.plan(date(2026, 1, 15)))


def test_what_was_committed_is_in_one_file_after_close(tmp_path):
    with new_store(tmp_path) as store:
        store.publish(PLAN, valid_from=NEW_YEAR)
    assert [path.name for path in tmp_path.iterdir()] == ["town.db"]
    with open_store(f"sqlite:///{tmp_path}/town.db") as again:
        same_plan(PLAN, again.plan(NEW_YEAR))


# Days


def test_a_plan_for_a_later_day_leaves_todays_in_force(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=date(9000, 1, 1))
    assert sorted(store.areas().index) == ["G1", "G2"]
    assert sorted(store.areas(at=date(9000, 1, 1)).index) == ["G1", "G3"]


def test_a_plan_published_between_two_others_ends_where_the_next_begins(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR)
    last = store.publish(PLAN, valid_from=OCTOBER)
    middle = store.publish(REDRAWN, valid_from=JUNE)
    spans = store.plans()[["valid_from", "valid_to"]].apply(tuple, axis=1).to_dict()
    assert spans == {first: (NEW_YEAR, JUNE), middle: (JUNE, OCTOBER), last: (OCTOBER, None)}


def test_a_plan_published_for_the_same_day_replaces_the_other_which_stays_on_record(store):
    first = store.publish(PLAN, valid_from=NEW_YEAR)
    second = store.publish(REDRAWN, valid_from=NEW_YEAR)
    assert sorted(store.areas(at=NEW_YEAR).index) == ["G1", "G3"]
    plans = store.plans()
    assert plans.index.tolist() == [first, second]
    assert plans["valid_to"].tolist() == [NEW_YEAR, None]


def test_plans_lists_what_each_version_says(store):
    assert len(store.plans()) == 0
    store.publish(drawn_plan_with(revision=3), valid_from=NEW_YEAR)
    plans = store.plans()
    assert plans.index.name == "version"
    said = ["valid_from", "valid_to", "revision", "published_at", "profile", "manifest"]
    assert plans.columns.tolist() == [*said, "state", "before_version", "published_by", "override_reason"]
    row = plans.iloc[0]
    assert (row["valid_from"], row["valid_to"], row["revision"]) == (NEW_YEAR, None, 3)
    assert (row["profile"], row["manifest"]) == ("guali-2024", dict(PLAN.manifest))
    assert abs(row["published_at"] - pd.Timestamp.now("UTC")) < pd.Timedelta(minutes=1)


def test_a_version_number_is_never_used_again(store):
    versions = [store.publish(PLAN, valid_from=NEW_YEAR) for _ in range(3)]
    assert len(set(versions)) == 3


def test_before_the_first_plan_there_is_none(store):
    with pytest.raises(UnknownAreaError, match=r"no plan is in force on 2026-01-01: the store holds none yet"):
        store.plan(NEW_YEAR)
    store.publish(PLAN, valid_from=JUNE)
    for ask in (store.plan, store.areas, store.owner, store.officers, store.duties, store.version_key, store.streets):
        with pytest.raises(UnknownAreaError, match="on 2026-05-31: the first is in force from 2026-06-01"):
            ask(at=date(2026, 5, 31))


def test_an_unknown_level_is_told_with_those_there_are(store):
    store.publish(drawn_plan(ATOMS, grid="112112"), valid_from=NEW_YEAR)
    for ask in (store.areas, store.owner):
        with pytest.raises(UnknownAreaError, match=r"no level 'micro'; its levels are community, grid"):
            ask("micro", NEW_YEAR)


@pytest.mark.parametrize("day", ["2026-01-01", None, pd.NaT, 20260101])
def test_what_is_not_a_day_is_refused(store, day):
    with pytest.raises(TableError, match=r"valid_from is .*, not a day; use a date such as date\(2026, 10, 1\)"):
        store.publish(PLAN, valid_from=day)


def test_of_a_datetime_the_day_counts(store):
    store.publish(PLAN, valid_from=datetime(2026, 1, 1, 15, 30))
    assert store.plan(pd.Timestamp("2026-01-01 08:00")).valid_from == NEW_YEAR


# Officers, duties and base layers


def test_tables_that_go_with_a_plan_come_back_as_they_were(store):
    streets = street_lines([[(0, 0), (3, 0)], [(0, 1), (1, 1), (3, 1)]])
    buildings = town("AB.").rename_axis("building_id")[["name", "geometry"]].assign(floors=[6, 18], height_m=[18.5, 54])
    sites = town("S..").rename_axis("site_id")[["name", "geometry"]].assign(kind="school", households=[None])
    findings = gpd.GeoDataFrame(
        {
            "kind": ["gap"],
            "severity": ["error"],
            "area_ids": ["G1 G2"],
            "value": [3.0],
            "limit": [np.nan],
            "quantity": ["m2"],
            "message": ["a gap of 3 m2"],
        },
        geometry=gpd.GeoSeries(town("A").geometry.to_numpy(), crs=CRS, index=pd.Index(["F1"], name="finding_id")),
        index=pd.Index(["F1"], name="finding_id"),
    )
    check(findings, FINDINGS)
    given = {"streets": streets, "buildings": buildings, "sites": sites, "findings": findings, "addresses": addresses()}
    store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=duties(), **given)
    assert_frame_equal(store.officers(NEW_YEAR), officers())
    assert_frame_equal(store.duties(NEW_YEAR), duties())
    for name, frame in given.items():
        assert_geodataframe_equal(getattr(store, name)(NEW_YEAR), frame)
        assert getattr(store, name)(NEW_YEAR).index.equals(frame.index)


def test_addresses_keep_the_name_of_their_key(store):
    renamed = addresses().rename_axis("address_id").drop(columns="count")
    store.publish(PLAN, valid_from=NEW_YEAR, addresses=renamed)
    assert_geodataframe_equal(store.addresses(NEW_YEAR), renamed)


def test_duties_are_those_of_the_day(store):
    store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=duties())
    assert store.duties(date(2026, 5, 31)).index.tolist() == ["D1", "D2", "D3"]
    assert store.duties(JUNE).index.tolist() == ["D1", "D3"]


@pytest.mark.parametrize("dtype", ["str", "datetime64[us]", "datetime64[s]"])
def test_days_of_duties_keep_their_type(store, dtype):
    given = duties()
    given[["valid_from", "valid_to"]] = given[["valid_from", "valid_to"]].astype("datetime64[us]").astype(dtype)
    store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=given)
    assert_frame_equal(store.duties(NEW_YEAR), given)


def test_tables_that_are_not_given_stay_those_of_the_plan_before(store):
    streets = street_lines([[(0, 0), (3, 0)]])
    first = {"officers": officers(), "duties": duties(), "addresses": addresses(), "streets": streets}
    store.publish(PLAN, valid_from=NEW_YEAR, **first)
    store.publish(PLAN, valid_from=JUNE, addresses=addresses(floor=[2, 3, 4]))
    assert_frame_equal(store.officers(JUNE), officers())
    assert_frame_equal(store.duties(JUNE), duties().drop("D2"))
    assert store.addresses(JUNE)["floor"].tolist() == [2, 3, 4]
    assert store.addresses(NEW_YEAR)["floor"].tolist() == [1, -1, 7]
    assert_geodataframe_equal(store.streets(JUNE), streets)


def test_duties_end_with_their_area(store):
    store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=duties(valid_to=None))
    store.publish(REDRAWN, valid_from=JUNE)
    assert store.duties(date(2026, 5, 31)).index.tolist() == ["D1", "D2", "D3"]
    assert store.duties(JUNE).index.tolist() == ["D1", "D3"]


def test_findings_belong_to_one_plan(store):
    findings = gpd.GeoDataFrame(
        {"kind": ["gap"], "severity": ["error"], "message": ["a gap"], "value": [1.0], "limit": [0.0]},
        geometry=gpd.GeoSeries(town("A").geometry.to_numpy(), crs=CRS, index=pd.Index(["F1"], name="finding_id")),
        index=pd.Index(["F1"], name="finding_id"),
    )
    store.publish(PLAN, valid_from=NEW_YEAR, findings=findings.assign(quantity=None, area_ids=None))
    store.publish(REDRAWN, valid_from=JUNE)
    assert (len(store.findings(NEW_YEAR)), len(store.findings(JUNE))) == (1, 0)


def store_empty(store, name):
    store.publish(PLAN, valid_from=NEW_YEAR)
    return getattr(store, name)(NEW_YEAR)


@pytest.mark.parametrize("name", ["officers", "duties", "addresses", "streets", "buildings", "sites", "findings"])
def test_a_table_that_was_never_published_is_empty(store, name):
    found = store_empty(store, name)
    assert len(found) == 0
    assert name in {"officers", "duties"} or found.crs == PLAN.crs


def test_a_duty_for_an_area_that_is_not_in_the_plan_is_refused(store):
    strange = duties(area_id=["G1", "G9", "C1"])
    with pytest.raises(TableError, match="duties: area_id of 'D2' is 'G9', which the plan does not hold"):
        store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=strange)
    assert len(store.plans()) == 0


def test_a_duty_of_an_officer_who_is_not_there_is_refused(store):
    with pytest.raises(TableError, match="duties: officer_id of 'D1' is 'O1', whom officers does not hold"):
        store.publish(PLAN, valid_from=NEW_YEAR, duties=duties())


def test_a_duty_that_ends_before_it_begins_is_refused(store):
    backwards = duties(valid_to=[None, NEW_YEAR, None])
    with pytest.raises(TableError, match="duties: 'D2' is valid from 2026-01-01 to 2026-01-01, on no day"):
        store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=backwards)


def test_an_instant_is_not_a_day(store):
    noon = duties(valid_from=[datetime(2026, 1, 1, 12), None, None])
    with pytest.raises(TableError, match="'valid_from' of 'D1' is 2026-01-01 12:00:00, not a day"):
        store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=noon)


# Bad plans


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"register": PLAN.register.drop("G2")}, "register: area 'G2' of level 'grid' is missing"),
        ({"owners": {"grid": PLAN.owner("grid")}}, "owners: level 'community' is missing"),
        ({"atoms": PLAN.atoms.drop("F")}, "owner of level 'community': there is no atom 'F'"),
        ({"manifest": {"made": open}}, "manifest: a builtin_function_or_method cannot be kept"),
        ({"atoms": PLAN.atoms.assign(households=-1)}, "atoms: households of 'A' is -1, below 0"),
        ({"atoms": PLAN.atoms.assign(made=pd.Timedelta("1h"))}, "atoms: column 'made' is of type timedelta64"),
        ({"atoms": PLAN.atoms.assign(made=[{1}] * 6)}, "atoms: column 'made' holds a set, which the store cannot keep"),
    ],
)
def test_a_plan_whose_parts_do_not_belong_together_is_refused(store, fields, message):
    with pytest.raises(TableError, match=message):
        store.publish(drawn_plan_with(**fields), valid_from=NEW_YEAR)
    assert len(store.plans()) == 0


def test_tables_in_another_crs_are_refused(store):
    moved = addresses().to_crs("EPSG:32650")
    with pytest.raises(CrsError, match=r"addresses: is in .*, atoms is in .*; use addresses.to_crs"):
        store.publish(PLAN, valid_from=NEW_YEAR, addresses=moved)


def test_a_territory_stays_in_one_crs(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    moved = drawn_plan_with(atoms=PLAN.atoms.to_crs("EPSG:32650"))
    with pytest.raises(CrsError, match=r"atoms: is in .*, the store keeps this territory in CGCS2000"):
        store.publish(moved, valid_from=JUNE)


# Points


def test_a_point_lies_in_one_area_a_level(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    found = store.area_ids_at(EAST_M + 150, NORTH_M + 50, NEW_YEAR)
    assert found == {"community": "C1", "grid": "G1", "micro": "M2"}
    assert list(found) == ["community", "grid", "micro"]


def test_a_point_on_a_border_belongs_to_the_smaller_id(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    assert store.area_ids_at(EAST_M + 200, NORTH_M + 50, NEW_YEAR)["grid"] == "G1"


def test_a_point_outside_lies_in_no_area(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    assert store.area_ids_at(EAST_M - 0.001, NORTH_M + 50, NEW_YEAR) == {}


def test_a_point_is_looked_up_in_the_plan_of_the_day(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    store.publish(REDRAWN, valid_from=JUNE)
    x, y = EAST_M + 150, NORTH_M + 50
    assert store.area_ids_at(x, y, date(2026, 5, 31))["grid"] == "G1"
    assert store.area_ids_at(x, y, JUNE)["grid"] == "G3"


def test_a_point_that_is_not_finite_is_refused(store):
    with pytest.raises(TableError, match="x, y nan, 0 is not finite"):
        store.area_ids_at(float("nan"), 0, NEW_YEAR)


# Keys


def test_a_version_key_changes_with_the_plan_of_its_day_and_with_no_other(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    key = store.version_key(NEW_YEAR)
    assert key == store.version_key(NEW_YEAR)
    assert key.replace(".", "").isalnum()
    store.publish(REDRAWN, valid_from=date(2025, 1, 1))
    assert store.version_key(NEW_YEAR) == key
    store.publish(REDRAWN, valid_from=NEW_YEAR)
    assert store.version_key(NEW_YEAR) != key


def test_a_version_key_stays_when_the_same_is_published_again(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    key = store.version_key(NEW_YEAR)
    store.publish(PLAN, valid_from=NEW_YEAR)
    assert store.version_key(NEW_YEAR) == key


def test_a_version_key_changes_when_the_plan_is_given_an_end(store):
    store.publish(PLAN, valid_from=NEW_YEAR)
    key = store.version_key(NEW_YEAR)
    store.publish(REDRAWN, valid_from=JUNE)
    assert store.version_key(NEW_YEAR) != key


def test_a_version_key_tells_days_with_different_duties_apart(store):
    store.publish(PLAN, valid_from=NEW_YEAR, officers=officers(), duties=duties())
    assert store.version_key(date(2026, 2, 1)) == store.version_key(date(2026, 5, 31))
    assert store.version_key(date(2026, 5, 31)) != store.version_key(JUNE)


def test_territories_in_one_store_do_not_see_each_other(store_place):
    with open_store(store_place, territory="east") as east:
        east.publish(PLAN, valid_from=NEW_YEAR)
        with open_store(store_place, territory="west") as west:
            west.publish(REDRAWN, valid_from=JUNE)
            assert len(west.plans()) == len(east.plans()) == 1
            assert east.areas(at=OCTOBER).index.tolist() == ["G1", "G2"]
            with pytest.raises(UnknownAreaError):
                west.plan(NEW_YEAR)
