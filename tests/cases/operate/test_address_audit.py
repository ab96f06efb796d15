"""``audit_addresses`` finds the defects that were put into a clean register, and none besides."""

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

import gridgeo as gg
from gridgeo.operate.address_audit import KINDS

IN_ESTATE = re.compile(
    r"(?P<road>[^0-9]+)(?P<number>\d+)号(?P<estate>[^0-9]+)(?P<building>\d+)(?P<word>栋|幢|号楼)(?P<rest>.*室)"
)
ON_ROAD = re.compile(r"(?P<road>[^0-9村]+[路街巷弄里道])(?P<number>\d+)号(?P<rest>.*)")
ROWS = 8
"""Rows that each defect is put into."""


@pytest.fixture(scope="module")
def town():
    return gg.make_town(households=6_000, seed=3)


@pytest.fixture(scope="module")
def communities(town):
    return gg.AreaIndex.from_areas(town.communities)


@pytest.fixture(scope="module")
def register(town, communities):
    """Give the clean register: addresses, points, and the community that each lies in."""
    area = communities.locate(town.households.geometry)
    return town.households[["address", "geometry"]].assign(area_id=area)


@pytest.fixture(scope="module")
def in_estate(register):
    """Give the rows in estates, cut into their parts."""
    return register["address"].str.extract(IN_ESTATE).dropna()


@pytest.fixture(scope="module")
def on_road(register, in_estate):
    """Give the rows that are a house at a road, cut into their parts."""
    alone = register["address"].drop(in_estate.index)
    return alone[alone.str.fullmatch(ON_ROAD)].str.extract(ON_ROAD)


def some(frame, count=ROWS):
    """Take rows from all over a frame, each from another building."""
    firsts = frame.iloc[:: max(len(frame) // count, 1)]
    return firsts.iloc[:count]


def with_addresses(register, addresses):
    """Give the register with other addresses in some rows."""
    changed = register.copy()
    changed.loc[addresses.index, "address"] = addresses
    return changed


def told(findings, kind, part=None):
    """Give the rows that findings of a kind are about."""
    asked = findings["kind"].eq(kind) & (True if part is None else findings["part"].eq(part))
    return sorted(findings.loc[asked, "register_id"])


def only(findings, kind, rows, part=None):
    """Tell whether there are findings of a kind for these rows, and no finding about any other row."""
    return told(findings, kind, part) == sorted(rows) and set(findings["register_id"]) == set(rows)


def write(parts, **others):
    """Write addresses in an estate from their parts, some of them changed."""
    parts = parts.assign(**others)
    ends = parts["building"] + parts["word"] + parts["rest"]
    return parts["road"] + parts["number"] + "号" + parts["estate"] + ends


@pytest.mark.parametrize("known", [False, True], ids=["against itself", "against known addresses"])
def test_a_clean_register_has_no_findings(register, communities, town, known):
    assert audited(register, town if known else None, communities).empty


def audited(register, town=None, index=None, **options):
    return gg.audit_addresses(register, None if town is None else town.households, index, **options)


def test_one_household_under_two_ids_is_found_however_it_is_written(register, in_estate):
    rows = some(in_estate)
    again = register.loc[rows.index].set_axis([f"X{at}" for at in range(len(rows))])
    full_width = str.maketrans("0123456789", "０１２３４５６７８９")
    again["address"] = [f"清亭镇{text.translate(full_width)}" for text in write(rows, word="幢")]
    findings = audited(pd.concat([register, again]))
    assert only(findings, "duplicate", rows.index)
    assert findings["other_ids"].tolist() == list(again.index)
    assert set(findings["anomaly"]) == {"redundant"}
    assert findings["distance_m"].max() == 0


def test_one_address_at_two_places_is_a_conflict(register, in_estate):
    rows = some(in_estate)
    again = register.loc[rows.index].set_axis([f"X{at}" for at in range(len(rows))])
    again = again.set_geometry(again.geometry.translate(120.0, 0.0))
    findings = audited(pd.concat([register, again]))
    assert only(findings, "two_places", rows.index)
    assert findings["distance_m"].tolist() == pytest.approx([120.0] * len(rows))


@pytest.mark.parametrize("known", [False, True])
def test_a_road_that_is_not_the_estates_is_a_conflict(register, in_estate, town, known):
    sizes = in_estate.groupby("estate")["road"].transform("size")
    rows = some(in_estate[sizes > 10 * ROWS], 4)
    other = {road: next(name for name in sorted(set(in_estate["road"])) if name != road) for road in rows["road"]}
    findings = audited(with_addresses(register, write(rows, road=rows["road"].map(other))), town if known else None)
    assert only(findings, "conflict", rows.index, "road")
    assert findings.set_index("register_id")["expected"].to_dict() == rows["road"].to_dict()


@pytest.mark.parametrize("known", [False, True])
def test_a_number_that_is_not_the_estates_is_a_conflict(register, in_estate, town, known):
    sizes = in_estate.groupby("estate")["road"].transform("size")
    rows = some(in_estate[sizes > 10 * ROWS], 4)
    findings = audited(with_addresses(register, write(rows, number="9999")), town if known else None)
    assert only(findings, "conflict", rows.index, "number")


@pytest.mark.parametrize("known", [False, True])
def test_a_village_that_is_not_the_hamlets_is_a_conflict(register, town, known):
    own = register["address"].str.extract(r"(?P<village>..村)(?P<hamlet>[^0-9]+)(?P<rest>\d+号.*)").dropna()
    sizes = own.groupby("hamlet")["rest"].transform("size")
    rows = some(own[sizes > 20], 1)
    findings = audited(with_addresses(register, "石门村" + rows["hamlet"] + rows["rest"]), town if known else None)
    assert told(findings, "conflict", "region") == sorted(rows.index)
    assert set(findings["register_id"]) == set(rows.index)


@pytest.mark.parametrize("known", [False, True])
def test_a_building_that_neighbours_have_is_missed(register, in_estate, town, known):
    rows = some(in_estate)
    lacking = rows["road"] + rows["number"] + "号" + rows["estate"]
    findings = audited(with_addresses(register, lacking), town if known else None)
    assert only(findings, "missing_part", rows.index, "building")
    assert set(findings["anomaly"]) == {"missing"}


@pytest.mark.parametrize("known", [False, True])
def test_a_room_that_neighbours_have_is_missed(register, in_estate, town, known):
    rows = some(in_estate)
    findings = audited(with_addresses(register, write(rows, rest="")), town if known else None)
    assert only(findings, "missing_part", rows.index, "room")


def test_a_house_number_is_missed_without_neighbours(register, on_road):
    rows = some(on_road)
    findings = audited(with_addresses(register, rows["road"]))
    assert only(findings, "missing_part", rows.index, "number")


@pytest.mark.parametrize("part", ["road", "estate"])
def test_an_unknown_name_is_found_and_the_name_that_was_meant_offered(register, in_estate, town, part):
    rows = some(in_estate)
    wrong = rows[part].str[:1] + "囍" + rows[part].str[2:]
    findings = audited(with_addresses(register, write(rows, **{part: wrong})), town)
    assert told(findings, f"unknown_{part}") == sorted(rows.index)
    assert set(findings["register_id"]) == set(rows.index)
    offered = findings[findings["kind"] == f"unknown_{part}"].set_index("register_id")["expected"]
    likeness = [sum(a == b for a, b in zip(offered[row], rows.at[row, part], strict=False)) for row in rows.index]
    assert min(likeness) >= len("湖路")


def test_an_unknown_building_is_found(register, in_estate, town):
    rows = some(in_estate)
    findings = audited(with_addresses(register, write(rows, building="77")), town)
    assert only(findings, "unknown_building", rows.index)
    assert set(findings["value"]) == {"77"}


def test_an_unknown_house_number_is_found(register, on_road, town):
    rows = some(on_road)
    findings = audited(with_addresses(register, rows["road"] + "9997号" + rows["rest"]), town)
    assert told(findings, "unknown_number") == sorted(rows.index)
    assert set(findings.loc[findings["kind"] != "unknown_number", "kind"]) <= {"duplicate", "two_places"}


def test_a_region_that_is_none_of_those_given_is_found(register, in_estate, town):
    rows = some(in_estate)
    changed = with_addresses(register, "杭州市" + register.loc[rows.index, "address"])
    assert only(audited(changed, town, regions=["临江市"]), "unknown_region", rows.index)
    assert audited(changed, town, regions=["临江市", "杭州市"]).empty


@pytest.mark.parametrize("known", [False, True])
def test_parts_that_stand_twice_are_found(register, in_estate, town, known):
    rows = some(in_estate)
    changed = with_addresses(register, write(rows, estate=rows["estate"] * 2))
    findings = audited(changed, town if known else None)
    assert only(findings, "repeated_part", rows.index)
    assert findings.set_index("register_id")["value"].to_dict() == rows["estate"].to_dict()
    assert set(findings["severity"]) == {"note"}


def test_empty_and_meaningless_addresses_are_found(register):
    rows = register.index[[3, 500, 900]]
    findings = audited(with_addresses(register, pd.Series([None, "  ", "！？…"], index=rows)))
    assert told(findings, "no_address") == [rows[0], rows[1]]
    assert told(findings, "unreadable") == [rows[2]]
    assert len(findings) == 3


def test_points_that_are_missing_or_far_from_their_building_are_found(register, in_estate, town):
    sizes = in_estate.groupby(["estate", "building"])["rest"].transform("size")
    rows = some(in_estate[sizes > 5]).index
    changed = register.copy()
    changed.loc[rows[:2], "geometry"] = None
    changed.loc[rows[2:], "geometry"] = changed.loc[rows[2:]].geometry.translate(0.0, 400.0)
    for known in (None, town):
        findings = audited(changed, known)
        assert told(findings, "no_point") == sorted(rows[:2])
        assert told(findings, "far_point") == sorted(rows[2:])
        assert len(findings) == len(rows)
        assert findings.loc[findings["kind"] == "far_point", "distance_m"].between(350.0, 450.0).all()


def test_areas_that_are_missing_wrong_or_left_are_found(register, communities):
    rows = register.index[[10, 700, 1500, 2500]]
    changed = register.copy()
    changed.loc[rows[0], "area_id"] = None
    others = sorted(set(register["area_id"]))
    for row in rows[1:3]:
        changed.loc[row, "area_id"] = next(area for area in others if area != register.at[row, "area_id"])
    changed.loc[rows[3], "geometry"] = Point(changed.geometry[rows[3]].x, 4_000_000.0)
    findings = audited(changed, None, communities)
    assert told(findings, "no_area") == [rows[0]]
    assert told(findings, "wrong_area") == sorted(rows[1:3])
    assert told(findings, "outside_areas") == [rows[3]]
    right = findings[findings["kind"] == "wrong_area"].set_index("register_id")["expected"]
    assert right.to_dict() == register.loc[rows[1:3], "area_id"].to_dict()


def test_neither_the_order_of_rows_nor_a_second_run_changes_the_findings(register, in_estate):
    rows = some(in_estate)
    changed = with_addresses(register, write(rows, rest=""))
    first = audited(changed)
    pd.testing.assert_frame_equal(first, audited(changed.sample(frac=1, random_state=5)))
    assert first.index.name == "finding_id"
    assert len(first) == len(rows)


def test_an_address_book_may_stand_for_the_known_addresses(register, in_estate, town):
    rows = some(in_estate)
    changed = with_addresses(register, write(rows, building="77"))
    by_book = gg.audit_addresses(changed, gg.AddressBook(town.households))
    pd.testing.assert_frame_equal(by_book, audited(changed, town))


def test_a_table_without_points_is_audited_by_its_texts(register, in_estate):
    rows = some(in_estate)
    plain = pd.DataFrame(with_addresses(register, write(rows, rest="")).drop(columns="geometry"))
    assert only(gg.audit_addresses(plain), "missing_part", rows.index, "room")


def test_the_register_stays_as_it_was(register):
    before = register.copy()
    audited(register)
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(register))


def test_every_kind_has_one_of_the_four_anomalies_and_a_severity():
    assert {kind.anomaly for kind in KINDS.values()} == {"conflict", "redundant", "wrong", "missing"}
    assert {kind.severity for kind in KINDS.values()} == {"error", "warning", "note"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="address"), "column 'address' is missing"),
        (lambda frame: frame.set_axis(range(len(frame))), "ids of text"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), "stands more than once"),
        (lambda frame: frame.assign(address=[12, *frame["address"][1:]]), "not text"),
        (lambda frame: frame["address"].tolist(), "not a table"),
        (lambda frame: frame.set_geometry(frame.buffer(1.0)), "not a Point"),
    ],
)
def test_tables_that_are_no_registers_are_refused(register, change, words):
    with pytest.raises(gg.TableError, match=words):
        gg.audit_addresses(change(register.head(20)))


def test_points_in_degrees_and_numbers_out_of_range_are_refused(register):
    with pytest.raises(gg.CrsError, match="register"):
        gg.audit_addresses(register.head(20).to_crs("EPSG:4326"))
    with pytest.raises(gg.TableError, match="far_m is -1"):
        gg.audit_addresses(register.head(20), far_m=-1.0)
    with pytest.raises(gg.TableError, match=r"usual_share is 1\.5"):
        gg.audit_addresses(register.head(20), usual_share=1.5)
    with pytest.raises(gg.TableError, match="far_m is nan"):
        gg.audit_addresses(register.head(20), far_m=np.nan)


def test_areas_without_points_or_without_their_column_are_refused(register, communities):
    with pytest.raises(gg.TableError, match="column 'grid' is missing"):
        gg.audit_addresses(register.head(20), None, communities, area_column="grid")
    with pytest.raises(gg.TableError, match="has no points"):
        gg.audit_addresses(pd.DataFrame(register.head(20).drop(columns="geometry")), None, communities)


def test_an_empty_register_has_no_findings(register):
    assert gg.audit_addresses(register.head(0)).empty
    assert gg.audit_addresses(gpd.GeoDataFrame(register.head(0)), register).columns.tolist()[:2] == ["kind", "anomaly"]
