import shapely

ESTATE = r"[\u4e00-\u9fff]+(路|街|巷|弄|里|大道)\d+号[\u4e00-\u9fff]+\d+(栋|幢|号楼)\d+单元\d{3,4}室"
HOUSE = r"[\u4e00-\u9fff]+(路|街|巷|弄|里|大道)\d+号(\d{3}室)?"
VILLAGE = r"[\u4e00-\u9fff]+(村|社区)[\u4e00-\u9fff]+\d+号(\d{3}室)?"


def test_every_address_has_one_of_three_forms(demo_town):
    addresses = demo_town.households["address"]
    forms = [addresses.str.fullmatch(form) for form in (ESTATE, HOUSE, VILLAGE)]
    assert (forms[0] | forms[1] | forms[2]).all()
    shares = [form.mean() for form in forms]
    assert shares[0] > 0.7
    assert shares[1] > 0.05
    assert shares[2] > 0.03


def test_every_address_is_given_once(demo_town):
    assert demo_town.households["address"].is_unique
    assert demo_town.buildings["address"].is_unique


def test_a_households_address_begins_with_its_buildings(demo_town):
    doors = demo_town.buildings["address"].loc[demo_town.households["building_id"]]
    pairs = zip(demo_town.households["address"], doors, strict=True)
    assert all(address.startswith(door) for address, door in pairs)


def test_stairwell_floor_and_address_agree(demo_town):
    parts = demo_town.households["address"].str.extract(r"(\d+)单元(\d+)\d{2}室").dropna().astype(int)
    rows = demo_town.households.loc[parts.index]
    assert (parts[0] == rows["stairwell"]).all()
    assert (parts[1] == rows["floor"]).all()


def doors(town):
    """Take the addresses on streets apart: street, number, and where along the street the building stands."""
    lines = town.streets[~town.streets["name"].duplicated(keep=False)].set_index("name").geometry
    parts = town.buildings["address"].str.extract(r"^(.*?(?:路|街|巷|弄|里|大道))(\d+)号$").dropna()
    parts = parts[parts[0].isin(lines.index)].set_axis(["street", "number"], axis=1).astype({"number": int})
    line = lines.loc[parts["street"]].to_numpy()
    middles = shapely.centroid(town.buildings.geometry.loc[parts.index].to_numpy())
    sides = [shapely.intersects(shapely.buffer(line, way * 60, single_sided=True), middles) for way in (1, -1)]
    at = shapely.line_locate_point(line, middles)
    return parts.assign(at=at, odd=parts["number"] % 2 == 1, left=sides[0], right=sides[1])


def test_streets_in_addresses_are_on_the_map(demo_town):
    addresses = demo_town.buildings["address"]
    in_villages = addresses.str.startswith(tuple(demo_town.communities["name"]))
    named = addresses[~in_villages].str.extract(r"^(.*?)\d+号")[0]
    assert set(named) <= set(demo_town.streets["name"].dropna())
    assert named.nunique() > 80


def test_odd_numbers_lie_on_the_left_of_a_street_and_even_ones_on_the_right(demo_town):
    table = doors(demo_town)
    assert len(table) > 500
    assert table.loc[table["odd"], "left"].mean() > 0.97
    assert table.loc[~table["odd"], "right"].mean() > 0.97


def test_numbers_rise_along_a_street(demo_town):
    sides = doors(demo_town).sort_values("number").groupby(["street", "odd"])["at"]
    rises, falls = sides.agg(lambda at: at.is_monotonic_increasing), sides.agg(lambda at: at.is_monotonic_decreasing)
    assert (rises | falls).all()


def test_estates_use_different_words_for_a_building(demo_town):
    words = demo_town.households["address"].str.extract(r"(栋|幢|号楼)\d+单元")[0].dropna()
    assert set(words) == {"栋", "幢", "号楼"}
