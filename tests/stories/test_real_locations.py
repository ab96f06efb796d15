"""Real points find their areas: incidents with the area that the police wrote down, blocks with wrong coordinates."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shared_data import shared

import gridgeo as gg

ILLINOIS, SINGAPORE = "EPSG:26971", "EPSG:3414"
ON_EDGE_M = 1.0
NEW_PLAN = pd.Timestamp("2012-12-01")


def chicago_areas(layer, key):
    """Read areas with their published code as id; codes that several areas share get a number."""
    areas = gpd.read_file(shared("chicago_incidents/chicago_areas.gpkg"), layer=layer).to_crs(ILLINOIS)
    code = areas[key].astype(str)
    number = code.groupby(code).cumcount().astype(str)
    ids = code.where(~code.duplicated(keep=False), code + "/" + number)
    return areas.set_index(pd.Index(ids, name="area_id"))[["geometry"]]


class Located:
    """Incidents, what the index says of them and what was published."""

    def __init__(self, layer, key, file):
        self.incidents = pd.read_csv(shared(f"chicago_incidents/{file}"), dtype=str)
        lon, lat = (self.incidents[name].astype(float) for name in ("lon", "lat"))
        points = gpd.GeoSeries.from_xy(lon, lat, crs="EPSG:4326").to_crs(ILLINOIS)
        index = gg.AreaIndex.from_areas(chicago_areas(layer, key))
        self.label = self.incidents[key].str.strip()
        self.agrees = self._code(index.locate(points)).eq(self.label)
        self.state = index.state(points, accuracy_m=ON_EDGE_M)
        near = index.candidates_each(points, ON_EDGE_M)
        self.on_edge = near.groupby(level=0)["border_m"].min().reindex(points.index).le(ON_EDGE_M)
        self.reached = ~self.on_edge & near.groupby(level=0).size().reindex(points.index).notna()
        told = near.assign(code=self._code(near["area_id"]), label=self.label.reindex(near.index))
        self.published_told = (
            told["code"].eq(told["label"]).groupby(level=0).any().reindex(points.index, fill_value=False)
        )

    @staticmethod
    def _code(ids):
        return ids.str.partition("/")[0]


@pytest.fixture(scope="module")
def communities():
    """Locate 78,488 incidents of 2018 in the community areas."""
    return Located("community_areas", "community_area", "incidents_2018.csv.gz")


@pytest.fixture(scope="module")
def beats():
    """Locate 2,727 incidents of 2010 to 2015 in the police beats that are in force since December 2012."""
    return Located("police_beats", "beat", "incidents_with_beat.csv.gz")


def test_incidents_away_from_edges_lie_in_the_community_area_that_was_published(communities):
    assert communities.reached.sum() > 74_000
    assert communities.agrees[communities.reached].mean() > 0.9965


def test_incidents_on_a_shared_edge_are_told_as_ties_with_the_published_area_among_the_candidates(communities):
    ties = communities.state == "tie"
    assert ties.sum() > 3_000
    assert communities.published_told[ties].mean() > 0.999
    # To guess instead is to toss a coin.
    assert 0.4 < communities.agrees[ties].mean() < 0.6


def test_incidents_in_the_enclaves_belong_to_no_community_area(communities):
    assert (communities.state == "none").sum() == 238


def test_incidents_since_the_beats_are_in_force_lie_in_the_beat_that_was_published(beats):
    when = pd.to_datetime(beats.incidents["occurred"])
    away = beats.reached & (when >= "2013-01-01")
    assert away.sum() > 1_100
    assert beats.agrees[away].mean() >= 0.998


def test_incidents_from_before_the_beats_were_in_force_disagree_and_the_date_of_the_plan_says_why(beats):
    when = pd.to_datetime(beats.incidents["occurred"])
    wrong = beats.reached & ~beats.agrees
    assert wrong.sum() > 100
    assert (when[wrong] < NEW_PLAN).mean() > 0.99
    assert beats.agrees[beats.reached & (when < NEW_PLAN)].mean() < 0.95


def test_ties_between_beats_hold_the_published_beat(beats):
    when = pd.to_datetime(beats.incidents["occurred"])
    ties = (beats.state == "tie") & (when >= "2013-01-01")
    assert ties.sum() > 150
    assert beats.published_told[ties].mean() > 0.98


def test_blocks_whose_coordinates_are_wrong_come_back_as_outside():
    path = shared("singapore_hdb/singapore.gpkg")
    zones = gpd.read_file(path, layer="subzones").to_crs(SINGAPORE)
    blocks = pd.read_csv(shared("singapore_hdb/blocks.csv.gz"))
    upper = zones.dissolve("planning_area")[["geometry"]].assign(level="planning_area", parent_id=None)
    lower = zones.set_index("subzone_code")[["geometry"]]
    lower = lower.assign(level="subzone", parent_id=zones["planning_area"].to_numpy())
    index = gg.AreaIndex.from_areas(pd.concat([lower, upper]).rename_axis("area_id"))

    points = gpd.GeoSeries.from_xy(blocks["lon"], blocks["lat"], crs="EPSG:4326").to_crs(SINGAPORE)
    town = index.locate(points, level="planning_area")
    assert town.isna().sum() == 46
    assert index.state(points)[town.isna()].eq("none").all()
    assert index.locate(points).notna().equals(town.notna())
    expected = blocks["town"].map({"TP": "TOA PAYOH", "QT": "QUEENSTOWN", "AMK": "ANG MO KIO"})
    right = town.dropna().str.upper().eq(expected[town.notna()])
    assert right.all()
    dwellings = index.count(points, weights=blocks["households"], level="planning_area")
    assert dwellings.sum() == blocks.loc[town.notna(), "households"].sum()
    assert np.array_equal(dwellings.index, sorted(zones["planning_area"].unique()))
