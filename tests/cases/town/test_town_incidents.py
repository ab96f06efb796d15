import numpy as np
import pandas as pd
import pytest
import shapely


@pytest.fixture(scope="module")
def local(demo_town):
    """Give when the incidents were reported, in the town's own time."""
    return demo_town.incidents["reported_at"].dt.tz_convert("Asia/Shanghai")


def test_there_are_twelve_thousand_in_sixty_days(demo_town, local):
    assert len(demo_town.incidents) == 12_000
    assert local.dt.date.nunique() == 60
    assert (local.max() - local.min()).days == 59


def test_instants_are_in_utc_and_in_order(demo_town):
    reported = demo_town.incidents["reported_at"]
    assert str(reported.dt.tz) == "UTC"
    assert reported.is_monotonic_increasing


def test_nights_are_quiet_and_categories_have_their_hours(demo_town, local):
    hours = local.dt.hour.value_counts(normalize=True)
    assert hours.loc[[2, 3, 4]].sum() < 0.05
    noise = local[demo_town.incidents["category"] == "noise"].dt.hour
    facility = local[demo_town.incidents["category"] == "facility"].dt.hour
    assert noise.between(18, 23).mean() > 0.5
    assert facility.between(7, 18).mean() > 0.7


def test_weekends_differ_by_category(demo_town, local):
    is_weekend = local.dt.day_of_week >= 5
    category = demo_town.incidents["category"]
    rate = is_weekend.groupby(category).mean()
    assert rate["noise"] > 16 / 60 > rate["safety"]


def test_storms_bring_water_and_fallen_trees(demo_town, local):
    days = local[demo_town.incidents["category"] == "water_tree"].dt.date.value_counts()
    assert days.iloc[:3].min() > 2 * days.median()


def test_every_category_has_words_of_its_own(demo_town):
    texts = demo_town.incidents.groupby("category")["text"].agg(set)
    assert len(texts) == 9
    assert (texts.map(len) == 4).all()
    assert len(set.union(*texts)) == 36


def test_some_carry_only_an_address_and_some_nothing(demo_town):
    incidents = demo_town.incidents
    has_point, has_address = ~incidents.geometry.isna(), incidents["address"].notna()
    assert (~has_point & has_address).mean() == pytest.approx(0.08, abs=0.01)
    assert (~has_point & ~has_address).mean() == pytest.approx(0.01, abs=0.004)
    assert (has_point & ~has_address).mean() == pytest.approx(0.25, abs=0.015)


def test_accuracy_is_missing_with_the_point_and_plausible_else(demo_town):
    incidents = demo_town.incidents
    assert (incidents["accuracy_m"].isna() == incidents.geometry.isna()).all()
    assert incidents["accuracy_m"].dropna().between(3, 150).all()


def test_some_points_are_wrong(demo_town):
    incidents = demo_town.incidents
    at_home = incidents[incidents["address"].isin(demo_town.households["address"]) & ~incidents.geometry.isna()]
    homes = demo_town.households.set_index("address").geometry.loc[at_home["address"]]
    off_m = shapely.distance(at_home.geometry.to_numpy(), homes.to_numpy())
    assert np.median(off_m) < 15
    assert (off_m > 200).mean() == pytest.approx(0.02 / 0.66, abs=0.012)
    outside = ~shapely.covers(demo_town.boundary.geometry.iloc[0], incidents.geometry.dropna().to_numpy())
    assert 0.003 < outside.mean() < 0.03


def test_addresses_are_of_homes_of_places_nearby_or_of_gates(demo_town):
    addresses = demo_town.incidents["address"].dropna()
    is_home = addresses.isin(demo_town.households["address"])
    is_near, is_gate = addresses.str.endswith("附近"), addresses.str.endswith("门口")
    is_street = addresses.isin(demo_town.streets["name"].dropna())
    assert (is_home | is_near | is_gate | is_street).all()
    assert set(addresses[is_gate].str.removesuffix("门口")) <= set(demo_town.sites["name"])


def test_there_are_hot_spots(demo_town):
    points = shapely.get_coordinates(demo_town.incidents.geometry.dropna().to_numpy())
    cells = pd.Series(list(map(tuple, (points // 100).astype(int)))).value_counts()
    assert cells.iloc[0] > 20 * cells.median()
    assert cells.iloc[:10].sum() > 0.12 * len(points)


def test_old_incidents_are_closed_and_new_ones_are_on_their_way(demo_town):
    incidents = demo_town.incidents
    age = incidents["reported_at"].max() - incidents["reported_at"]
    assert (incidents.loc[age > pd.Timedelta(days=4), "status"] == "closed").mean() > 0.9
    assert set(incidents.loc[age < pd.Timedelta(days=2), "status"]) == {"reported", "accepted", "dispatched", "handled"}


def test_a_small_town_has_fewer(small_town):
    assert len(small_town.incidents) == 1_800
