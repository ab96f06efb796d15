"""Write findings as SARIF 2.1.0, the format in which pipelines and code hosts take what checkers find."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.design.findings import KINDS
from gridgeo.model.errors import TableError
from gridgeo.model.tables import FINDINGS, conform

from .page import write_whole
from .report_words import CAUSES, KIND_SENTENCES, REMEDIES
from .words import FINDING_KINDS, say

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "gridgeoFinding/v1"
FIGURES = (
    "value", "limit", "quantity", "area_m2", "width_m", "mean_width_m", "length_m", "households", "gap_m2",
    "overlap_m2", "outside_m2", "pieces", "parent_ids", "cause", "part_of", "remedy",
)  # fmt: skip
"""Columns of findings that become properties of a result, under their own names."""
GRAIN_M = 0.01
"""A place is known again if its bounds moved less than about so much."""
LONLAT_DECIMALS = 8


def write_sarif(findings: gpd.GeoDataFrame, path: str | os.PathLike[str], *, map_name: str) -> Path:
    """Write findings to a file in the format SARIF 2.1.0.

    Each kind is a rule with its sentence and its remedy, in English and, as a translation, in Chinese. Each finding is
    a result with its areas as logical locations, its figures and its place (``bbox_lonlat``: west, south, east, north
    in degrees) as properties, and a fingerprint that depends neither on the order of rows nor on other findings.

    Parameters
    ----------
    findings : GeoDataFrame
        Table ``FINDINGS``, as ``audit`` returns it.
    path : path
        The file, such as ``audit.sarif``; an earlier one of that name is replaced.
    map_name : str
        The map that was audited, as a path relative to where the pipeline runs, such as ``maps/wards.gpkg``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    TableError
        If the findings break their contract or the map has no name.
    StorageError
        If the file cannot be written.
    """
    if not isinstance(map_name, str) or not map_name.strip():
        raise TableError(f"map_name is {map_name!r}; name the map that was audited, such as 'maps/wards.gpkg'")
    findings = gpd.GeoDataFrame(conform(findings, FINDINGS))
    kinds = list(dict.fromkeys([*KINDS, *findings["kind"]]))
    run = {
        "tool": {"driver": _driver(kinds)},
        "language": "en-US",
        "translations": [_translation(kinds)],
        "artifacts": [{"location": {"uri": _uri(map_name)}, "roles": ["analysisTarget"]}],
        "columnKind": "unicodeCodePoints",
        "results": list(_results(findings, kinds, _uri(map_name))),
    }
    document = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return write_whole(path, (text + "\n").encode("utf-8"))


def _uri(map_name: str) -> str:
    """Write a path as a relative URI reference."""
    uri = quote(map_name.strip().replace("\\", "/"))
    # What stands before a colon in the first segment would be read as a scheme.
    return f"./{uri}" if ":" in uri.split("/", 1)[0] else uri


def _driver(kinds: list[str]) -> dict[str, Any]:
    return {
        "name": "gridgeo",
        "version": version("gridgeo"),
        "language": "en-US",
        "contents": ["localizedData", "nonLocalizedData"],
        "rules": [_rule(kind, "en") | _defaults(kind) for kind in kinds],
    }


def _translation(kinds: list[str]) -> dict[str, Any]:
    """Say the rules in Chinese; the place of a rule in the list tells which it is."""
    return {
        "name": "gridgeo",
        "version": version("gridgeo"),
        "language": "zh-CN",
        "contents": ["localizedData"],
        "translationMetadata": {"name": "gridgeo zh-CN", "shortDescription": {"text": "中文"}},
        "rules": [_rule(kind, "zh") for kind in kinds],
    }


def _rule(kind: str, language: str) -> dict[str, Any]:
    """Say what a kind means and what is to be done."""
    remedy = KINDS.get(kind, ("", "decide"))[1]
    return {
        "id": kind,
        "shortDescription": {"text": say(FINDING_KINDS, kind, language)},
        "fullDescription": {"text": say(KIND_SENTENCES, kind, language)},
        "help": {"text": say(REMEDIES, remedy, language)},
    }


def _defaults(kind: str) -> dict[str, Any]:
    name = "".join(part.capitalize() for part in kind.split("_"))
    severity, remedy = KINDS.get(kind, ("warning", "decide"))
    return {"name": name, "defaultConfiguration": {"level": severity}, "properties": {"remedy": remedy}}


def _results(findings: gpd.GeoDataFrame, kinds: list[str], uri: str) -> Iterator[dict[str, Any]]:
    boxes, degrees = findings.geometry.bounds.to_numpy(), _bounds_lonlat(findings)
    for at, (key, row) in enumerate(findings.iterrows()):
        names = [name for name in str(row.get("area_ids") or "").split(",") if name]
        place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri, "index": 0}}}
        if names:
            place["logicalLocations"] = [
                {"name": name, "fullyQualifiedName": f"area/{name}", "kind": "area"} for name in dict.fromkeys(names)
            ]
        properties = {"finding_id": str(key)} | _figures(row)
        if np.isfinite(degrees[at]).all():
            properties["bbox_lonlat"] = [round(float(value), LONLAT_DECIMALS) for value in degrees[at]]
        cause = properties.get("cause")
        if cause:
            properties["cause_text"] = say(CAUSES, cause, "en")
        yield {
            "ruleId": row["kind"],
            "ruleIndex": kinds.index(row["kind"]),
            "kind": "fail",
            "level": row["severity"],
            "message": {"text": str(row["message"])},
            "locations": [place],
            "partialFingerprints": {FINGERPRINT: _fingerprint(str(row["kind"]), names, boxes[at])},
            "properties": properties,
        }


def _bounds_lonlat(findings: gpd.GeoDataFrame) -> np.ndarray:
    """Give west, south, east and north in degrees; nan where a finding has no place."""
    if findings.crs is None or not len(findings):
        return np.full((len(findings), 4), np.nan)
    return shapely.bounds(findings.geometry.to_crs("EPSG:4326").to_numpy())


def _figures(row: pd.Series) -> dict[str, Any]:
    """Take over the figures that there are."""
    told: dict[str, Any] = {}
    for name in FIGURES:
        value = row.get(name)
        if isinstance(value, str):
            if value:
                told[name] = value
        elif value is not None and not pd.isna(value) and math.isfinite(value):
            told[name] = int(value) if isinstance(value, (int, np.integer)) else float(value)
    return told


def _fingerprint(kind: str, names: list[str], bounds: np.ndarray) -> str:
    """Name a finding by what it is, whom it concerns and where it lies."""
    place = [None if math.isnan(value) else round(float(value) / GRAIN_M) for value in bounds]
    text = json.dumps([kind, sorted(names), place], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
