import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import CRS, EAST_M, NORTH_M

from gridgeo.model.errors import CrsError, TableError
from gridgeo.operate.addresses import AddressBook
from gridgeo.operate.locate import AreaIndex

ESTATES = [
    ("溪桥路", 12, "清河苑", 4),
    ("溪桥路", 20, "金柳花园", 3),
    ("人民大道", 12, "翠湖小区", 3),
    ("柳荫巷", 7, "", 0),
]
LEFT_OUT = "溪桥路99号"


def households():
    """Lay out a small town: estates of buildings with two stairwells, and a lane of houses."""
    rows = []
    for at, (road, number, estate, buildings) in enumerate(ESTATES):
        x, y = EAST_M + 700 * at, NORTH_M
        if not buildings:
            rows += [(f"{road}{number + house}号", x, y + 20 * house) for house in range(4)]
        for building in range(1, buildings + 1):
            for stairwell in (1, 2):
                for room in (101, 102, 201, 202) if stairwell == 1 else (101, 301):
                    text = f"{road}{number}号{estate}{building}栋{stairwell}单元{room}室"
                    rows.append((text, x + 60 * building, y + 5 * stairwell))
    rows.append((None, EAST_M, NORTH_M))
    ids = pd.Index([f"H{number:04d}" for number in range(len(rows))], name="household_id")
    texts, x, y = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"address": texts}, geometry=gpd.points_from_xy(x, y), crs=CRS, index=ids)


HOUSEHOLDS = households()
BOOK = AddressBook(HOUSEHOLDS)


def best(text, book=BOOK):
    return book.find(text).iloc[0]


def test_every_address_is_found_by_its_own_text():
    known = HOUSEHOLDS["address"].dropna()
    found = BOOK.find_each(known)
    assert found["address_id"].to_list() == known.index.to_list()
    assert (found["status"] == "auto").all()
    assert (found["score"] == 1.0).all()
    assert found["x"].to_list() == HOUSEHOLDS.geometry[known.index].x.to_list()


@pytest.mark.parametrize(
    "text",
    [
        "溪桥路12号清河苑3栋2单元301室",
        "清河苑3栋2单元301",
        "清河苑三号楼二单元三零一室",
        "清河苑 3 幢 2 单元 301",
        "清河苑3-2-301",
        "溪桥路12号3-2-301",
        "溪橋路１２號清河苑３棟２單元３０１室",
        "清河苑3栋2单元301室（溪桥路12号）",
        "我家住在溪桥路12号清河苑3栋2单元301",
    ],
)
def test_one_household_is_found_however_it_is_written(text):
    found = best(text)
    assert (found["address"], found["level"], found["status"]) == ("溪桥路12号清河苑3栋2单元301室", "room", "auto")
    assert found["unmatched"] == ""


def test_the_answer_is_as_close_as_the_text():
    levels = {
        "清河苑3栋2单元": "stairwell",
        "清河苑3栋": "building",
        "溪桥路12号": "number",
        "清河苑": "estate",
        "溪桥路": "road",
    }
    for text, level in levels.items():
        found = best(text)
        assert found["level"] == level
        assert pd.isna(found["address_id"])
        assert found["score"] == 1.0
    assert best("清河苑3栋")["address"] == "溪桥路12号清河苑3栋"
    assert best("溪桥路12号")["address"] == "溪桥路12号"


def test_a_house_without_buildings_is_its_own_row():
    found = best("柳荫巷8号")
    assert (found["level"], found["address"], found["status"]) == ("number", "柳荫巷8号", "auto")
    assert found["address_id"] == HOUSEHOLDS.index[HOUSEHOLDS["address"] == "柳荫巷8号"][0]


def test_an_unknown_building_is_never_made_up():
    answers = BOOK.find("清河苑9栋101室")
    assert answers["level"].to_list() == ["estate"]
    assert answers["address"].to_list() == ["清河苑"]
    assert answers["unmatched"].to_list() == ["9栋 101室"]
    assert answers["status"].to_list() == ["review"]


def test_an_unknown_house_number_is_never_made_up():
    answers = BOOK.find("溪桥路99号")
    assert answers["level"].to_list() == ["road"]
    assert answers["unmatched"].to_list() == ["99号"]
    assert answers["status"].to_list() == ["review"]


def test_an_unknown_room_is_answered_with_its_building():
    found = best("清河苑3栋2单元999室")
    assert (found["level"], found["address"]) == ("stairwell", "溪桥路12号清河苑3栋2单元")
    assert found["unmatched"] == "999室"
    assert pd.isna(found["address_id"])


def test_a_room_in_two_stairwells_leaves_the_building_sure_and_the_household_open():
    answers = BOOK.find("清河苑3栋101室")
    assert answers["level"].to_list() == ["building", "room", "room"]
    assert answers["status"].to_list() == ["auto", "review", "review"]


def test_a_wrong_house_number_is_seen():
    found = best("溪桥路77号清河苑3栋")
    assert found["address"] == "溪桥路12号清河苑3栋"
    assert found["unmatched"] == "77号"
    assert found["status"] == "review"


def test_an_estate_on_another_road_is_a_conflict():
    assert (BOOK.find("人民大道12号清河苑3栋")["status"] != "auto").all()


def test_a_slip_of_the_pen_lowers_the_score_and_is_for_review_where_nothing_else_names_the_place():
    whole, bare = best("溪桥路12号清和苑3栋2单元301室"), best("清和苑3栋2单元301室")
    assert whole["address"] == bare["address"] == "溪桥路12号清河苑3栋2单元301室"
    assert bare["score"] < whole["score"] < 1
    assert bare["status"] == "review"


def test_a_name_that_sounds_the_same_is_found_with_a_lower_score():
    found = best("溪桥路12号青禾苑3栋2单元301室")
    assert found["address"] == "溪桥路12号清河苑3栋2单元301室"
    assert found["score"] < best("溪桥路12号清和苑3栋2单元301室")["score"] < 1
    assert best("清禾苑3栋")["address"] == "溪桥路12号清河苑3栋"


def test_the_beginning_of_a_name_stands_for_it():
    found = best("翠湖2栋1单元201室")
    assert found["address"] == "人民大道12号翠湖小区2栋1单元201室"
    assert best("金柳3栋")["address"] == "溪桥路20号金柳花园3栋"


def test_a_letter_before_a_known_name_makes_it_another_name():
    assert (BOOK.find("新清河苑3栋2单元301室")["status"] != "auto").all()


@pytest.mark.parametrize(
    "text",
    ["您好，清河苑3栋2单元301室水管爆裂3天没人修", "投诉溪桥路12号清河苑3栋2单元301的邻居，凌晨2点还在叫"],
)
def test_the_words_of_a_complaint_do_not_disturb(text):
    found = best(text)
    assert (found["address"], found["status"]) == ("溪桥路12号清河苑3栋2单元301室", "auto")


def test_the_runner_up_and_its_distance_are_told():
    found = BOOK.find("12号3栋")
    assert found["status"].isin(["review", "reject"]).all()
    two = BOOK.find("人民大道12号清河苑3栋")
    assert two["runner_up"][0] == two["address"][1]
    assert two["lead"][0] == pytest.approx(two["score"][0] - two["score"][1], abs=2e-4)
    sole = best("清河苑3栋")
    assert pd.isna(sole["runner_up"])
    assert pd.isna(sole["lead"])


def test_two_places_that_are_equally_good_share_the_chance():
    twins = HOUSEHOLDS.iloc[:2].copy()
    twins["address"] = ["溪桥路12号清河苑3栋", "人民大道9号清河苑3栋"]
    twins.geometry = gpd.points_from_xy([EAST_M, EAST_M + 900], [NORTH_M, NORTH_M])
    answers = AddressBook(twins).find("清河苑3栋")
    assert answers["score"].to_list() == [0.5, 0.5]
    assert answers["status"].to_list() == ["review", "review"]


ALIASES = {"金色水岸": "清河苑", "老西路": "溪桥路", "报社": "柳荫巷8号", "行政楼": "溪桥路12号清河苑2栋"}


def test_other_names_stand_for_roads_estates_and_buildings():
    book = AddressBook(HOUSEHOLDS, aliases=ALIASES)
    assert best("金色水岸3栋2单元301室", book)["address"] == "溪桥路12号清河苑3栋2单元301室"
    assert best("老西路12号3-2-301", book)["address"] == "溪桥路12号清河苑3栋2单元301室"
    assert best("行政楼1单元101室", book)["address"] == "溪桥路12号清河苑2栋1单元101室"
    found = best("报社", book)
    assert (found["address"], found["status"]) == ("柳荫巷8号", "auto")
    table = pd.DataFrame({"alias": list(ALIASES), "name": list(ALIASES.values())})
    assert best("金色水岸3栋", AddressBook(HOUSEHOLDS, aliases=table))["address"] == "溪桥路12号清河苑3栋"


@pytest.mark.parametrize("aliases", [{"报社": "天涯路"}, {"报社": "清河苑9栋"}, {"报社": 7}, {"": "清河苑"}])
def test_another_name_for_nothing_is_refused(aliases):
    with pytest.raises(TableError, match="aliases"):
        AddressBook(HOUSEHOLDS, aliases=aliases)


def with_communities():
    west = HOUSEHOLDS.geometry.x < EAST_M + 1300
    ids = np.where(west, "C1", "C2")
    return HOUSEHOLDS.assign(community_id=ids), {"C1": "白鹭社区", "C2": "松风社区"}


def test_a_community_is_answered_where_nothing_closer_is_told():
    addresses, names = with_communities()
    book = AddressBook(addresses, communities=names)
    found = best("白鹭社区", book)
    assert (found["level"], found["address"], found["status"]) == ("community", "白鹭社区", "review")
    assert best("白鹭社区清河苑3栋", book)["status"] == "auto"
    assert best("松风社区清河苑3栋", book)["status"] != "auto"


def test_communities_without_their_column_or_name_are_refused():
    addresses, names = with_communities()
    with pytest.raises(TableError, match="column 'community_id' is missing"):
        AddressBook(HOUSEHOLDS, communities=names)
    with pytest.raises(TableError, match="C2"):
        AddressBook(addresses, communities={"C1": "白鹭社区"})


def halves():
    """Lay two grids over the town; their border runs through 清河苑, between its buildings 2 and 3."""
    border = EAST_M + 150
    boxes = [
        shapely.box(EAST_M - 500, NORTH_M - 500, border, NORTH_M + 500),
        shapely.box(border, NORTH_M - 500, EAST_M + 5000, NORTH_M + 500),
    ]
    areas = gpd.GeoDataFrame(geometry=boxes, crs=CRS, index=pd.Index(["G1", "G2"], name="area_id"))
    return AreaIndex.from_areas(areas)


def test_an_estate_is_answered_with_the_grids_that_it_spans():
    areas = BOOK.find_areas("清河苑", halves())
    assert areas["area_id"].to_list() == ["G1", "G2"]
    assert areas["share"].to_list() == [0.5, 0.5]
    assert areas["level"].to_list() == ["estate", "estate"]
    assert BOOK.find_areas("清河苑1栋", halves())["area_id"].to_list() == ["G1"]
    assert BOOK.find_areas("你好", halves()).empty


def test_the_shares_of_grids_count_households():
    counts = np.where(HOUSEHOLDS["address"].fillna("").str.contains("清河苑1栋"), 5, 1)
    areas = AddressBook(HOUSEHOLDS.assign(count=counts)).find_areas("清河苑", halves())
    assert areas["share"].to_list() == [pytest.approx(36 / 48), pytest.approx(12 / 48)]


def test_many_texts_get_their_one_area_or_the_candidates():
    texts = pd.Series(["清河苑1栋", "清河苑", "金柳花园", None, "清河苑9栋", "上海市南京路1号"], index=list("abcdef"))
    found = BOOK.locate_each(texts, halves())
    assert found.index.to_list() == list("abcdef")
    assert found["area_id"].isna().to_list() == [False, True, False, True, True, True]
    assert found["area_id"][["a", "c"]].to_list() == ["G1", "G2"]
    assert found["status"].to_list() == ["auto", "review", "auto", "reject", "review", "reject"]
    assert [area for area, _ in found["candidates"]["b"]] == ["G1", "G2"]
    assert found["candidates"]["d"] == []


def test_areas_in_another_crs_and_texts_in_no_series_are_refused():
    areas = gpd.GeoDataFrame(
        geometry=[shapely.box(0, 0, 9, 9)], crs="EPSG:26986", index=pd.Index(["G"], name="area_id")
    )
    with pytest.raises(CrsError, match="bring them into one CRS"):
        BOOK.find_areas("清河苑", AreaIndex.from_areas(areas))
    with pytest.raises(TableError, match="not a Series"):
        BOOK.locate_each(["清河苑"], halves())
    with pytest.raises(TableError, match="not a Series"):
        BOOK.find_each(["清河苑"])


def test_the_nearest_addresses_of_a_point_are_those_of_brute_force():
    point = shapely.Point(EAST_M + 2115, NORTH_M + 3)
    away = HOUSEHOLDS.dropna(subset="address").distance(point).sort_values(kind="stable")
    near = BOOK.reverse(point.x, point.y, limit=3)
    assert near["address_id"].to_list() == away.index[:3].to_list()
    assert near["distance_m"].to_list() == pytest.approx(away.iloc[:3].to_list())
    first = BOOK.reverse(lon=near["lon"][0], lat=near["lat"][0], limit=1)
    assert first["address_id"].to_list() == near["address_id"].to_list()[:1]
    assert first["distance_m"][0] < 1e-3


@pytest.mark.parametrize(
    "point", [{}, {"x": 1.0}, {"x": 1.0, "y": 2.0, "lon": 3.0, "lat": 4.0}, {"x": np.nan, "y": 1.0}]
)
def test_half_a_point_is_no_point(point):
    with pytest.raises(TableError, match="point"):
        BOOK.reverse(**point)


def test_an_answer_is_explained():
    lines = BOOK.explain("溪橋路12号清和苑3栋")
    for words in ("plain form: 溪桥路12号清和苑3栋", "estate 清河苑 (0.87)", "building 3栋: 2.50 of 2.50", "review"):
        assert words in lines or words == "review"
    assert "unknown building" not in lines
    assert "empty or too long" in BOOK.explain("")
    assert "no place" in BOOK.explain("你好")


@pytest.mark.parametrize(
    "text", ["🏠🏠", "清河苑\x00\x073栋", "\u202e清河苑", "清" * 299, "1" * 299, "-" * 299, "号" * 200]
)
def test_odd_characters_are_answered_without_an_error(text):
    assert set(BOOK.find(text)["address"]) <= {"溪桥路12号清河苑3栋", "清河苑"}
    BOOK.suggest(text)
    BOOK.explain(text)


def test_names_are_suggested_by_their_pinyin():
    assert BOOK.suggest("qhy")["address"].to_list() == ["清河苑"]
    assert BOOK.suggest("jinliu")["address"].to_list() == ["金柳花园"]
    assert BOOK.suggest("renmin")["level"].to_list() == ["road"]


def test_the_ending_of_an_estate_may_be_left_out_or_added():
    assert best("清河苑小区3栋")["address"] == "溪桥路12号清河苑3栋"


@pytest.mark.parametrize(
    "text", ["", "   ", "，。", "你好", "东方红御景湾3栋2单元101室", "!" * 10_000, "清河苑3栋" * 2_000, "12345"]
)
def test_what_is_no_address_here_has_no_answer(text):
    answers = BOOK.find(text)
    assert answers.empty
    assert list(answers.columns) == list(BOOK.find("清河苑").columns)


@pytest.mark.parametrize("text", [None, 3, np.nan, ["清河苑"]])
def test_what_is_no_text_has_no_answer(text):
    assert BOOK.find(text).empty


def test_an_address_of_another_city_is_not_taken_for_ours():
    assert BOOK.find("上海市静安区南京西路12号恒隆广场3楼").empty
    assert (BOOK.find("北京市朝阳区人民大道12号")["status"] != "auto").all()


def test_a_book_that_knows_its_city_rejects_others_and_accepts_its_own():
    book = AddressBook(HOUSEHOLDS, regions=["江苏省", "南京市", "鼓楼区"])
    assert (book.find("北京市朝阳区人民大道12号翠湖小区2栋")["status"] == "reject").all()
    assert best("江苏省南京市鼓楼区清河苑3栋2单元301室", book)["status"] == "auto"


def test_longitude_and_latitude_are_those_of_the_point():
    found = best("柳荫巷8号")
    point = HOUSEHOLDS.geometry[[found["address_id"]]].to_crs("OGC:CRS84").iloc[0]
    assert (found["lon"], found["lat"]) == pytest.approx((point.x, point.y), abs=1e-9)


def test_an_estate_is_answered_with_a_place_at_one_of_its_doors():
    found = best("清河苑")
    assert HOUSEHOLDS.distance(shapely.Point(found["x"], found["y"])).min() < 10


def test_missing_points_are_answered_as_missing():
    addresses = HOUSEHOLDS.copy()
    addresses.loc[addresses["address"] == "柳荫巷8号", "geometry"] = None
    found = best("柳荫巷8号", AddressBook(addresses))
    assert found["status"] == "auto"
    assert np.isnan(found[["x", "y", "lon", "lat"]].astype(float)).all()


def test_each_text_gets_one_row_under_its_own_label():
    texts = pd.Series(["清河苑3栋", None, "你好", "溪桥路"], index=["a", "b", "c", "d"])
    found = BOOK.find_each(texts)
    assert found.index.to_list() == ["a", "b", "c", "d"]
    assert found["status"].to_list() == ["auto", "reject", "reject", "review"]
    assert found["level"].isna().to_list() == [False, True, True, False]


def test_the_limit_is_kept():
    assert len(BOOK.find("清河苑3栋101室", limit=1)) == 1


def test_suggestions_begin_with_names_and_count_naturally():
    names = BOOK.suggest("溪")
    assert names["address"].to_list()[:2] == ["溪桥路", "溪桥路12号清河苑1栋"]
    assert BOOK.suggest("清河")["level"].to_list() == ["estate", *["building"] * 4]
    assert BOOK.suggest("清河苑3")["address"].to_list() == ["溪桥路12号清河苑3栋"]
    assert BOOK.suggest("溪桥路1", limit=2)["address"].to_list() == ["溪桥路12号清河苑1栋", "溪桥路12号清河苑2栋"]
    for text in ("", "上海", "x" * 10_000):
        assert BOOK.suggest(text).empty


def western(*texts):
    ids = pd.Index([f"A{number}" for number in range(len(texts))], name="address_id")
    points = gpd.points_from_xy(EAST_M + 100 * np.arange(len(texts)), NORTH_M)
    return AddressBook(
        gpd.GeoDataFrame({"address": texts}, geometry=points, crs=CRS, index=ids), regions=["Springfield", "MA"]
    )


def test_western_addresses_are_found_by_number_street_and_unit():
    book = western(
        "12 Main St Apt 3", "12 Main St Apt 4", "14 Main St", "14 Main St N", "1 Broadway", "28-1/2 Howard St"
    )
    assert best("12 Main Street, #4, Springfield MA 02139", book)["address_id"] == "A1"
    assert best("12 main st", book)["level"] == "number"
    assert best("14 North Main St", book)["address"] != "14 Main St N"
    assert best("14 Main St North", book)["address_id"] == "A3"
    assert best("BROADWAY 1", book)["address_id"] == "A4"
    assert best("28 1/2 Howard", book)["address_id"] == "A5"
    assert best("13 Main St", book)["level"] == "road"
    assert book.find("221B Baker St, London").empty


def test_a_book_of_a_real_city_finds_every_address_by_its_own_text():
    table = pd.read_csv(shared("cambridge_ma/addresses.csv.gz"), dtype={"address_id": str, "parcel_id": str})
    table.index = pd.Index([f"A{number}" for number in range(len(table))], name="address_id")
    placed = table["lon"].notna()
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), index=table.index).where(placed, None)
    addresses = gpd.GeoDataFrame({"address": table["full_address"]}, geometry=points, crs="OGC:CRS84").to_crs(
        "EPSG:26986"
    )
    texts = table["full_address"].drop_duplicates()
    found = AddressBook(addresses).find_each(texts.iloc[::8])
    assert (found["address"] == texts.iloc[::8]).mean() >= 0.999
    own = (
        table["parcel_id"].fillna("").loc[found["address_id"].fillna("A0")].to_numpy()
        == table["parcel_id"].fillna("").loc[found.index]
    )
    assert own.mean() >= 0.995


def broken(**changes):
    return HOUSEHOLDS.assign(**changes)


@pytest.mark.parametrize(
    ("addresses", "error", "words"),
    [
        (pd.DataFrame({"address": ["清河苑"]}), TableError, "has no geometry"),
        (HOUSEHOLDS[["geometry"]], TableError, "column 'address' is missing"),
        (HOUSEHOLDS.set_crs(None, allow_override=True), CrsError, "has no CRS"),
        (HOUSEHOLDS.to_crs("EPSG:4326"), CrsError, "degrees"),
        (HOUSEHOLDS.reset_index(drop=True), TableError, "ids of text"),
        (pd.concat([HOUSEHOLDS, HOUSEHOLDS]), TableError, "stands more than once"),
        (broken(address=None), TableError, "no row has an address"),
        (HOUSEHOLDS.iloc[:0], TableError, "no row has an address"),
        (broken(address=[7, *HOUSEHOLDS["address"].iloc[1:]]), TableError, "address of 'H0000' is 7, not text"),
        (HOUSEHOLDS.set_geometry(HOUSEHOLDS.buffer(1)), TableError, "is a Polygon, not a Point"),
    ],
)
def test_addresses_that_make_no_book_are_refused(addresses, error, words):
    with pytest.raises(error, match=words):
        AddressBook(addresses)
