"""Findings in SARIF 2.1.0 keep to the standard, and a finding keeps its fingerprint."""

import json
from urllib.parse import urlsplit

import geopandas as gpd
import jsonschema
import numpy as np
import pytest
import shapely
from towns import CRS, town

import gridgeo as gg
from gridgeo.design.findings import KINDS
from gridgeo.model.errors import StorageError, TableError

TERRITORY = town("""
    TTTT
    TTTT
""")
HOLED = town("""
    AABB
    A.B.
""")
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
RULE = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"}, "name": {"type": "string"}, "shortDescription": TEXT, "fullDescription": TEXT,
        "help": TEXT, "properties": {"type": "object"},
        "defaultConfiguration": {"properties": {"level": {"enum": ["none", "note", "warning", "error"]}}},
    },
}  # fmt: skip
COMPONENT = {
    "type": "object",
    "required": ["name", "rules"],
    "properties": {
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
        "language": {"pattern": "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"},
        "contents": {"items": {"enum": ["localizedData", "nonLocalizedData"]}, "uniqueItems": True},
    },
}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "physicalLocation": {"required": ["artifactLocation"]},
        "logicalLocations": {"type": "array", "uniqueItems": True, "items": {"required": ["name", "kind"]}},
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "kind": {"const": "fail"},
        "message": TEXT,
        "locations": {"type": "array", "items": LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {"required": ["driver"], "properties": {"driver": COMPONENT}},
                    "translations": {"items": COMPONENT},
                    "results": {"type": "array", "items": RESULT},
                },
            },
        },
    },
}
"""What the standard asks of the parts that are used."""


def written(findings, folder, map_name="maps/wards.gpkg"):
    path = gg.write_sarif(findings, folder / "audit.sarif", map_name=map_name)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def findings():
    return gg.audit(HOLED, TERRITORY)


def test_a_file_keeps_to_the_standard(findings, tmp_path):
    document = written(findings, tmp_path)
    jsonschema.Draft7Validator(SARIF).validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result, (_, row) in zip(run["results"], findings.iterrows(), strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == row["kind"]
        assert result["level"] == row["severity"]
        assert result["message"]["text"] == row["message"]


def test_each_kind_is_a_rule_in_both_languages(findings, tmp_path):
    (run,) = written(findings, tmp_path)["runs"]
    (chinese,) = run["translations"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(KINDS)
    assert [rule["id"] for rule in chinese["rules"]] == list(KINDS)
    assert chinese["language"] == "zh-CN"
    for rule in chinese["rules"]:
        assert all(any(ord(letter) > 0x2E80 for letter in rule[part]["text"]) for part in ("fullDescription", "help"))


def test_a_result_names_its_areas_its_figures_and_its_place(findings, tmp_path):
    (run,) = written(findings, tmp_path)["runs"]
    gap = next(result for result in run["results"] if result["ruleId"] == findings["kind"].iloc[0])
    names = [place["name"] for place in gap["locations"][0]["logicalLocations"]]
    assert names == findings["area_ids"].iloc[0].split(",")
    assert gap["properties"]["area_m2"] == findings["area_m2"].iloc[0]
    expected = findings.geometry.iloc[:1].to_crs("EPSG:4326").total_bounds
    assert np.allclose(gap["properties"]["bbox_lonlat"], expected, atol=1e-7)


def test_a_fingerprint_does_not_depend_on_rows_nor_on_other_findings(findings, tmp_path):
    def prints(table, territory):
        (run,) = written(gg.audit(table, territory), tmp_path)["runs"]
        return {result["message"]["text"]: result["partialFingerprints"] for result in run["results"]}

    all_of_them = prints(HOLED, TERRITORY)
    assert prints(HOLED.iloc[::-1], TERRITORY) == all_of_them
    texts = [json.dumps(one, sort_keys=True) for one in all_of_them.values()]
    assert len(set(texts)) == len(texts) == 2
    whole_corner = HOLED.copy()
    corner = shapely.box(500_300, 3_400_000, 500_400, 3_400_100)
    whole_corner.loc["B", "geometry"] = whole_corner.geometry["B"].union(corner)
    fewer = prints(whole_corner, TERRITORY)
    assert len(fewer) == 1
    assert set(map(str, fewer.values())) < set(map(str, all_of_them.values()))


def test_a_clean_map_gives_a_file_without_results(tmp_path):
    whole = town("AABB")
    document = written(gg.audit(whole, town("TTTT")), tmp_path)
    jsonschema.Draft7Validator(SARIF).validate(document)
    assert document["runs"][0]["results"] == []


@pytest.mark.parametrize("name", ["maps/wards 1.gpkg", "C:\\maps\\区.gpkg", "a:b.gpkg"])
def test_the_name_of_the_map_is_a_relative_uri(findings, tmp_path, name):
    (run,) = written(findings, tmp_path, name)["runs"]
    uri = run["artifacts"][0]["location"]["uri"]
    assert urlsplit(uri).scheme == ""
    assert uri.isascii()
    assert " " not in uri
    assert "\\" not in uri


def test_findings_without_a_place_are_written(tmp_path):
    areas = gpd.GeoDataFrame({"area_id": ["A", None]}, geometry=[HOLED.geometry.iloc[0], None], crs=CRS)
    document = written(gg.audit(areas, TERRITORY), tmp_path)
    jsonschema.Draft7Validator(SARIF).validate(document)
    empty = next(one for one in document["runs"][0]["results"] if one["ruleId"] == "empty_geometry")
    assert "bbox_lonlat" not in empty["properties"]


def test_bad_input_is_refused(findings, tmp_path):
    with pytest.raises(TableError, match="map_name"):
        gg.write_sarif(findings, tmp_path / "a.sarif", map_name=" ")
    with pytest.raises(TableError, match="severity"):
        gg.write_sarif(findings.assign(severity="bad"), tmp_path / "a.sarif", map_name="a")
    with pytest.raises(StorageError):
        gg.write_sarif(findings, tmp_path, map_name="a")


@pytest.mark.parametrize("ending", [".csv", ".gpkg", ".geojson"])
def test_findings_are_read_back_with_their_places(findings, tmp_path, ending):
    gg.write_table(findings, tmp_path / f"findings{ending}")
    back = gg.read_layer(tmp_path / f"findings{ending}", crs=CRS if ending == ".gpkg" else None).to_crs(CRS)
    assert back["message"].tolist() == findings["message"].tolist()
    ours, theirs = findings.geometry.to_numpy(), back.geometry.to_numpy()
    assert shapely.area(shapely.symmetric_difference(ours, theirs)).max() < 1.0
