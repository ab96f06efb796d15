"""Each incident gets its area, its unit and its officer, with the reason; and says so when it cannot be sure."""

from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M, SIDE_M, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError

GRIDS = """
    AABBCC
    AABBCC
"""
MICROS = """
    112233
    445566
"""
COMMUNITIES = """
    xxxxyy
    xxxxyy
"""
NOON = datetime(2026, 9, 1, 4, tzinfo=UTC)


def place(x, y):
    return shapely.Point(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M)


def areas():
    grids = town(GRIDS)
    grids["parent_id"] = ["x", "x", "y"]
    micros = town(MICROS, level="micro")
    micros["parent_id"] = ["A", "B", "C", "A", "B", "C"]
    communities = town(COMMUNITIES, level="community")
    communities["parent_id"] = "s"
    return pd.concat([communities, grids, micros])


def index(level="grid"):
    table = areas()
    return gg.AreaIndex.from_areas(table[table["level"] == level])


def duties(*rows):
    columns = ["duty_id", "officer_id", "area_id", "role", "valid_from", "valid_to"]
    filled = [(f"D{at}", *row, *([None] * (5 - len(row)))) for at, row in enumerate(rows)]
    return pd.DataFrame(filled, columns=columns).set_index("duty_id")


GRID_DUTIES = duties(("FA", "A", "full_time"), ("FB", "B", "full_time"), ("FC", "C", "full_time"))


def incidents(*places, accuracy_m=5.0, **columns):
    ids = pd.Index([f"I{at}" for at in range(len(places))], name="incident_id")
    shapes = gpd.GeoSeries([None if each is None else place(*each) for each in places], crs=CRS, index=ids)
    table = {"reported_at": NOON, "category": "noise", "accuracy_m": accuracy_m} | columns
    return gpd.GeoDataFrame(table, geometry=shapes, index=ids)


def send(*places, level="grid", duty=GRID_DUTIES, routes=None, overrides=None, positions=None, options=None, **columns):
    asked = incidents(*places, **columns)
    return gg.dispatch(asked, index(level), duty, routes, overrides, positions, areas=areas(), **(options or {}))


def flags(row):
    return set(row["flags"].split(",")) if isinstance(row["flags"], str) else set()


def routes(*rows):
    columns = ["route_id", "category", "area_id", "unit", "roles"]
    return pd.DataFrame(rows, columns=columns).set_index("route_id")


def overrides(*rows):
    columns = ["override_id", "subject", "subject_id", "host_area_id", "origin_area_id"]
    return pd.DataFrame(rows, columns=columns).set_index("override_id")


def positions(**seen):
    rows = [(officer, at, on, place(*where)) for officer, (at, on, where) in seen.items()]
    frame = pd.DataFrame(rows, columns=["officer_id", "at", "on_duty", "geometry"]).set_index("officer_id")
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)


def book(**addresses):
    ids = pd.Index([f"H{at}" for at in range(len(addresses))], name="household_id")
    shapes = gpd.GeoSeries([place(*where) for where in addresses.values()], crs=CRS, index=ids)
    return gg.AddressBook(gpd.GeoDataFrame({"address": list(addresses), "count": 1}, geometry=shapes, index=ids))


BOOK = {"溪桥路12号1栋": (1.0, 1.0), "溪桥路12号2栋": (1.2, 1.0), "和平路7号": (5.0, 1.0)}


def test_a_point_inside_a_grid_goes_to_its_officer_at_once():
    row = send((1.0, 1.5)).loc["I0"]
    assert (row["state"], row["to"], row["area_id"], row["found_by"]) == ("auto", "FA", "A", "point")
    assert (row["rule"], row["lead_area_id"], row["distance_m"]) == ("grid_officer", "A", 0.0)
    assert row["border_m"] == pytest.approx(50.0)
    assert row["candidates"] == [("A", 1.0)]
    assert "A, 50 m from its border" in row["reason"]


def test_a_point_near_a_border_names_the_neighbour_that_assists():
    row = send((1.98, 1.0), accuracy_m=20.0).loc["I0"]
    assert (row["to"], row["assist_area_ids"], row["found_by"]) == ("FA", "B", "candidates")
    assert flags(row) == {"near_border"}
    shares = dict(row["candidates"])
    assert shares["A"] > 0.5 > shares["B"] > 0.1
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-3)


def test_a_border_between_communities_is_flagged():
    row = send((3.98, 1.0), accuracy_m=20.0).loc["I0"]
    assert row["to"] == "FB"
    assert flags(row) == {"near_border", "community_border"}


def test_a_point_that_no_area_is_likely_for_is_left_for_review():
    row = send((1.98, 1.0), accuracy_m=20.0, options={"least_share": 0.95}).loc["I0"]
    assert (row["state"], row["to"]) == ("review", "FA")


def test_a_micro_grid_answers_before_its_grid():
    both = pd.concat([GRID_DUTIES, duties(("M4", "4", "micro_chief")).set_axis(["DM"])]).rename_axis("duty_id")
    answer = send((1.0, 0.5), (1.0, 1.5), level="micro", duty=both)
    assert answer["to"].tolist() == ["M4", "FA"]
    assert answer["rule"].tolist() == ["micro_officer", "grid_officer"]
    assert answer.loc["I1", "skipped"] == [("1", "nobody has a duty for it on that day")]


def test_a_point_between_two_micro_grids_of_one_grid_goes_to_the_grid():
    row = send((1.0, 1.0), level="micro", duty=GRID_DUTIES).loc["I0"]
    assert (row["area_id"], row["to"], row["state"]) == ("A", "FA", "auto")
    assert {area for area, _ in row["candidates"]} == {"1", "4"}


def test_the_chain_goes_on_to_the_deputy_the_neighbour_the_community_and_the_street():
    everyone = [
        ("FA", "A", "full_time"),
        ("PA", "A", "part_time"),
        ("FB", "B", "full_time"),
        ("CX", "x", "duty"),
        ("SS", "s", "duty"),
        ("FC", "C", "full_time"),
    ]
    rules, sent = [], []
    for gone in range(5):
        row = send((1.0, 1.0), duty=duties(*everyone[gone:])).loc["I0"]
        rules.append(row["rule"])
        sent.append(row["to"])
    assert sent == ["FA", "PA", "FB", "CX", "SS"]
    assert rules == ["grid_officer", "grid_deputy", "neighbour_grid", "community_duty", "street_centre"]


def test_a_neighbour_of_another_community_is_never_asked():
    row = send((3.0, 1.0), duty=duties(("FC", "C", "full_time"))).loc["I0"]
    assert (row["state"], pd.isna(row["to"])) == ("refused", True)
    assert "nobody may be sent" in row["reason"]


def test_the_street_centre_takes_the_rest_with_a_flag():
    row = send((1.0, 1.0), duty=duties(("FC", "C", "full_time")), options={"street_centre": "CENTRE"}).loc["I0"]
    assert (row["state"], row["to"], row["rule"]) == ("review", "CENTRE", "street_centre")
    assert "left_community" in flags(row)


def test_a_neighbour_that_stands_in_tells_how_far_away_its_grid_is():
    row = send((1.0, 1.0), duty=duties(("FB", "B", "full_time"))).loc["I0"]
    assert (row["to"], row["distance_m"]) == ("FB", pytest.approx(100.0))
    assert "neighbour" in flags(row)


def test_the_nearest_route_up_the_tree_names_the_unit():
    table = routes(
        ("R1", "noise", None, "police", None),
        ("R2", "noise", "x", "community office", None),
        ("R3", "noise", "A", "grid office", None),
        ("R4", "*", "C", "all else", None),
    )
    answer = send((1.0, 1.0), (3.0, 1.0), (5.0, 1.0), routes=table)
    assert answer["unit"].tolist() == ["grid office", "community office", "police"]
    assert answer["route_id"].tolist() == ["R3", "R2", "R1"]


def test_a_category_without_a_route_is_left_for_review():
    row = send((1.0, 1.0), routes=routes(("R1", "smoke", None, "police", None))).loc["I0"]
    assert (row["state"], row["to"]) == ("review", "FA")
    assert "no_route" in flags(row)
    assert "'noise' has no route here" in row["reason"]


def test_a_route_that_names_roles_passes_over_the_others():
    table = duties(("FA", "A", "full_time"), ("PA", "A", "part_time"))
    row = send((1.0, 1.0), duty=table, routes=routes(("R1", "noise", None, "police", "part_time chief"))).loc["I0"]
    assert row["to"] == "PA"
    assert row["skipped"] == [("FA", "the role may not be sent for this category")]


def test_an_officer_on_leave_is_passed_over_on_those_days_only():
    leave = pd.DataFrame({"officer_id": ["FA"], "valid_from": [date(2026, 9, 1)], "valid_to": [date(2026, 9, 2)]})
    when = pd.to_datetime(["2026-09-01T15:59Z", "2026-09-01T16:01Z"])  # midnight in Shanghai lies between them
    answer = send((1.0, 1.0), (1.0, 1.0), options={"leave": leave}, reported_at=when)
    assert answer["to"].tolist() == ["FB", "FA"]
    assert answer.loc["I0", "skipped"] == [("FA", "on leave")]


def test_a_duty_holds_from_its_first_day_to_the_day_before_its_last():
    table = duties(("OLD", "A", "full_time", None, date(2026, 9, 1)), ("NEW", "A", "full_time", date(2026, 9, 1)))
    when = pd.to_datetime(["2026-08-31T15:59Z", "2026-08-31T16:00Z"])
    assert send((1.0, 1.0), (1.0, 1.0), duty=table, reported_at=when)["to"].tolist() == ["OLD", "NEW"]


def test_whoever_is_full_hands_over_in_the_order_of_reports():
    when = pd.to_datetime(["2026-09-01T06:00Z", "2026-09-01T04:00Z", "2026-09-01T05:00Z"])
    options = {"most_open": 2, "load": {"FA": 1}}
    answer = send((1.0, 1.0), (1.0, 1.0), (1.0, 1.0), reported_at=when, options=options)
    assert answer["to"].tolist() == ["FB", "FA", "FB"]
    assert answer.loc["I0", "skipped"] == [("FA", "holds 2 open incidents")]


def test_positions_show_who_is_on_duty():
    seen = positions(
        FA=(pd.Timestamp("2026-09-01T03:00Z"), 1, (1, 1)),
        FB=(pd.Timestamp("2026-09-01T03:50Z"), 1, (3, 1)),
    )
    row = send((1.0, 1.0), positions=seen).loc["I0"]
    assert (row["to"], row["officer_m"]) == ("FB", pytest.approx(200.0))
    assert row["skipped"] == [("FA", "last seen 60 min before")]
    assert send((1.0, 1.0), positions=seen, options={"position_age_min": 90}).loc["I0", "to"] == "FA"


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ({}, "no position is known"),
        ({"FA": (pd.Timestamp(NOON), 0, (1, 1))}, "off duty"),
        ({"FA": (pd.Timestamp("2026-09-02T04:00Z"), 1, (1, 1))}, "the position is dated in the future"),
    ],
)
def test_whoever_does_not_show_to_be_on_duty_is_passed_over(seen, why):
    row = send((1.0, 1.0), duty=duties(("FA", "A", "full_time")), positions=positions(**seen)).loc["I0"]
    assert (row["state"], row["skipped"]) == ("refused", [("FA", why)])


def test_someone_who_is_not_among_the_officers_is_passed_over():
    officers = pd.DataFrame({"name": ["李"], "role": ["full_time"]}, index=pd.Index(["FB"], name="officer_id"))
    row = send((1.0, 1.0), options={"officers": officers}).loc["I0"]
    assert (row["to"], row["skipped"]) == ("FB", [("FA", "not among the officers")])


def test_a_duty_for_an_unknown_area_changes_nothing():
    table = pd.concat([GRID_DUTIES, duties(("X", "nowhere", "full_time")).set_axis(["DX"])]).rename_axis("duty_id")
    assert send((1.0, 1.0), duty=table)["to"].tolist() == ["FA"]


def test_a_resettled_household_goes_to_its_host_and_is_led_by_its_origin():
    held = overrides(("O1", "household", "H9", "B", "A"))
    row = send((5.0, 1.0), overrides=held, household_id="H9").loc["I0"]
    assert (row["to"], row["area_id"], row["found_by"], row["override_id"]) == ("FB", "B", "override", "O1")
    assert (row["lead_area_id"], row["assist_area_ids"], row["assessed_area_ids"]) == ("A", "B", "A,B")
    assert flags(row) == {"override", "left_community"}


def test_an_override_of_an_address_holds_for_any_way_to_write_it():
    held = overrides(("O1", "address", "溪桥路12号1栋", "B", "A"))
    row = send((1.0, 1.0), overrides=held, address="溪桥路１２号 1栋").loc["I0"]
    assert (row["to"], row["lead_area_id"]) == ("FB", "A")
    assert flags(row) == {"override"}


def test_an_address_alone_finds_its_area():
    row = send(None, address="溪桥路12号2幢", options={"book": book(**BOOK)}).loc["I0"]
    assert (row["state"], row["to"], row["found_by"]) == ("auto", "FA", "address")
    assert row["border_m"] == pytest.approx(80.0)


def test_a_point_far_from_its_address_is_told_and_the_address_decides():
    row = send((5.0, 1.0), address="溪桥路12号1栋", options={"book": book(**BOOK)}).loc["I0"]
    assert (row["to"], row["found_by"]) == ("FA", "address")
    assert flags(row) == {"point_address_disagree"}
    assert "400 m from the address, which decides" in row["reason"]


def test_a_point_in_the_datum_of_web_maps_is_recognised():
    home = gpd.GeoSeries([place(1.0, 1.0)], crs=CRS).to_crs("OGC:CRS84").iloc[0]
    lon, lat = gg.to_gcj02(home.x, home.y)
    asked = incidents(None, address="溪桥路12号1栋")
    asked.geometry = gpd.GeoSeries.from_xy([float(lon)], [float(lat)], crs="OGC:CRS84", index=asked.index).to_crs(CRS)
    row = gg.dispatch(asked, index(), GRID_DUTIES, areas=areas(), book=book(**BOOK)).loc["I0"]
    assert (row["to"], row["found_by"]) == ("FA", "address")
    assert {"point_address_disagree", "wrong_datum_suspected"} <= flags(row)


def test_an_address_near_a_point_by_a_border_chooses_the_side():
    known = book(**{"溪桥路12号": (1.6, 1.0), "和平路7号": (5.0, 1.0)})
    row = send((2.02, 1.0), accuracy_m=20.0, address="溪桥路12号", options={"book": known}).loc["I0"]
    assert (row["to"], row["found_by"], row["state"]) == ("FA", "address", "auto")


def test_an_estate_in_one_grid_is_sent_and_one_in_several_is_asked_about():
    doors = {f"溪桥路12号青云苑{at}栋": (0.4 + at * 0.1, 1.0) for at in range(1, 9)}
    doors |= {f"和平路7号白石苑{at}栋": (1.0 + at * 0.25, 1.0) for at in range(1, 9)}
    answer = send(None, None, address=["青云苑", "白石苑"], options={"book": book(**doors)})
    assert answer["state"].tolist() == ["auto", "review"]
    assert answer["to"].iloc[0] == "FA"
    assert {area for area, _ in answer["candidates"].iloc[1]} == {"A", "B"}
    assert answer["found_by"].iloc[1] == "candidates"


@pytest.mark.parametrize("text", ["", "   ", "北京市海淀区中关村大街1号", "无" * 10_000, None])
def test_what_is_no_address_here_is_refused_with_a_reason(text):
    row = send(None, address=text, options={"book": book(**BOOK)}).loc["I0"]
    assert (row["state"], pd.isna(row["to"]), pd.isna(row["area_id"])) == ("refused", True, True)
    assert row["reason"].endswith("nobody may be sent.")


@pytest.mark.parametrize(
    ("point", "flag"),
    [
        (shapely.Point(0, 0), "zero_point"),
        (shapely.Point(NORTH_M + 100, EAST_M + 100), "swapped_axes"),
        (shapely.Point(np.nan, np.nan), "bad_point"),
        (shapely.Point(np.inf, 5.0), "bad_point"),
        (shapely.Point(120.2, 30.7), "degrees"),
        (place(60, 60), "outside"),
        (place(-1, 1), "outside"),
        (None, "no_place"),
        (shapely.Point(), "no_place"),
    ],
)
def test_a_point_that_cannot_be_right_is_refused_and_named(point, flag):
    asked = incidents(None)
    asked.geometry = gpd.GeoSeries([point], crs=CRS, index=asked.index)
    row = gg.dispatch(asked, index(), GRID_DUTIES, areas=areas()).loc["I0"]
    assert (row["state"], pd.isna(row["to"])) == ("refused", True)
    assert flag in flags(row)
    assert len(row["reason"]) > 20


def test_a_point_too_rough_to_be_used_leaves_the_address_to_decide():
    row = send((5.0, 1.0), accuracy_m=900.0, address="溪桥路12号1栋", options={"book": book(**BOOK)}).loc["I0"]
    assert (row["to"], row["found_by"]) == ("FA", "address")
    assert flags(row) == {"imprecise"}


def test_a_report_from_the_future_is_left_for_review():
    now = datetime(2026, 8, 31, tzinfo=UTC)
    row = send((1.0, 1.0), options={"now": now}).loc["I0"]
    assert (row["state"], row["to"]) == ("review", "FA")
    assert flags(row) == {"future"}
    assert row["dispatched_at"] == pd.Timestamp(now)


def test_areas_that_are_not_in_force_answer_for_nothing():
    table = areas().assign(valid_from=date(2027, 1, 1))
    row = gg.dispatch(incidents((1.0, 1.0)), index(), GRID_DUTIES, areas=table).loc["I0"]
    assert row["state"] == "refused"
    assert "A is not in force on 2026-09-01" in row["reason"]


def test_a_point_where_areas_overlap_is_left_for_review():
    table = areas()
    twice = table[table["level"] == "grid"].copy()
    twice.loc["B", "geometry"] = shapely.union(twice.geometry["B"], shapely.box(*twice.geometry["A"].bounds))
    row = gg.dispatch(incidents((1.0, 1.0)), gg.AreaIndex.from_areas(twice), GRID_DUTIES, areas=table).loc["I0"]
    assert row["state"] == "review"
    assert "overlap" in flags(row)


def test_reasons_are_said_in_chinese_too():
    row = send((1.0, 1.0), routes=routes(("R1", "noise", None, "派出所", None)), options={"language": "zh"}).loc["I0"]
    assert row["reason"] == "定位点在 A 内,距边界 100 米;责任单位 派出所;由网格 A 的 FA 受理。"


def test_incidents_named_twice_are_refused_as_a_table():
    asked = pd.concat([incidents((1.0, 1.0)), incidents((3.0, 1.0))])
    with pytest.raises(TableError, match="'I0' stands more than once"):
        gg.dispatch(asked, index(), GRID_DUTIES)


def test_incidents_in_another_crs_or_without_a_time_zone_are_refused():
    with pytest.raises(CrsError, match="to_crs"):
        gg.dispatch(incidents((1.0, 1.0)).to_crs("EPSG:4548"), index(), GRID_DUTIES)
    with pytest.raises(TableError, match="time zone"):
        send((1.0, 1.0), reported_at=datetime(2026, 9, 1))


@pytest.mark.parametrize(
    "options", [{"sure_share": 0.0}, {"apart_m": -1}, {"most_open": 0}, {"timezone": "Mars"}, {"language": "fr"}]
)
def test_a_limit_out_of_its_range_is_named(options):
    with pytest.raises(TableError, match=next(iter(options))):
        send((1.0, 1.0), options=options)


def test_an_option_that_does_not_exist_is_named():
    with pytest.raises(TableError, match="no option 'sure'"):
        send((1.0, 1.0), options={"sure": 1})


def test_no_incidents_give_an_empty_table_with_all_columns():
    answer = gg.dispatch(incidents(), index(), GRID_DUTIES)
    assert len(answer) == 0
    assert list(answer.columns) == list(send((1.0, 1.0)).columns)


def test_a_dispatcher_answers_one_incident_as_it_does_a_day():
    many = incidents((1.0, 1.0), (1.98, 1.0), (5.0, 0.2), accuracy_m=20.0)
    ready = gg.Dispatcher(index(), GRID_DUTIES, areas=areas())
    alone = pd.concat([ready.dispatch(many.loc[[key]]) for key in many.index])
    pd.testing.assert_frame_equal(alone, ready.dispatch(many))
