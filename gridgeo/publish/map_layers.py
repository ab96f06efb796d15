"""Turn the layers of a map page into its data: incidents, streets, ground and findings."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import LONLAT
from gridgeo.model.plan import Plan
from gridgeo.model.tables import FINDINGS, INCIDENTS, STREETS, conform

from .drawing import Frame, count_cells, join_lines
from .words import FINDING_KINDS, MAP_WORDS, say


def incident_points(incidents: gpd.GeoDataFrame | None, plan: Plan) -> gpd.GeoSeries | None:
    """Keep the incidents that have a place, in the plan's CRS."""
    if incidents is None:
        return None
    points = conform(incidents, INCIDENTS).geometry
    return points[~(points.isna() | points.is_empty)].to_crs(plan.crs)


def heat_cells(points: gpd.GeoSeries | None, frame: Frame) -> dict[str, Any] | None:
    """Count incidents in cells: ``[dx, dy, count, ...]`` from cell to cell, and how many there are in all."""
    if points is None or not len(points):
        return None
    middles, counts = count_cells(points)
    lonlat = shapely.get_coordinates(middles.to_crs(LONLAT).to_numpy())
    steps = np.array(frame.steps(lonlat)).reshape(-1, 2)
    return {
        "cells": np.column_stack([steps, counts]).reshape(-1).tolist(),
        "total": len(points),
        "latitude": round(float(lonlat[:, 1].mean()), 4),
    }


def street_lines(streets: gpd.GeoDataFrame | None, frame: Frame) -> list[dict[str, Any]]:
    """Join the pieces of each street, so that it is drawn and named once."""
    if streets is None or not len(streets):
        return []
    table = conform(streets, STREETS)
    names = table["name"] if "name" in table else pd.Series(None, index=table.index, dtype=object)
    names = names.where(names.notna(), "").astype(str)
    groups = [(kind, name, rows) for (_, kind, name), rows in table.groupby([table["rank"], table["kind"], names])]
    joined = gpd.GeoSeries([join_lines(rows.geometry) for _, _, rows in groups], crs=table.crs)
    return [
        {"name": name, "rank": int(rows["rank"].iloc[0]), "kind": kind, "lines": lines}
        for (kind, name, rows), lines in zip(groups, frame.lines(joined), strict=True)
    ]


def ground_shapes(layer: gpd.GeoDataFrame | None, frame: Frame) -> list[Any]:
    """Write the polygons of a layer that lies below the areas; what is no polygon is left out."""
    if layer is None or not len(layer):
        return []
    shapes = layer.geometry[layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    return frame.areas(shapes.explode(ignore_index=True))


def finding_marks(findings: gpd.GeoDataFrame | None, frame: Frame, language: str) -> list[dict[str, Any]]:
    """Say each finding with its place; a sliver too thin to see is found by the ring around its middle."""
    if findings is None or not len(findings):
        return []
    table = conform(findings, FINDINGS)
    table = table[~(table.geometry.isna() | table.geometry.is_empty)]
    middles = frame.places(table.geometry.representative_point())
    said = []
    for row, at in zip(table.itertuples(), middles, strict=True):
        parts = shapely.get_parts(row.geometry)
        kinds = shapely.get_dimensions(parts)
        said.append(
            {
                "severity": row.severity,
                "severity_word": MAP_WORDS[language][row.severity],
                "kind_word": say(FINDING_KINDS, row.kind, language),
                "message": row.message,
                "at": at,
                "areas": [
                    ring for part in frame.areas(gpd.GeoSeries(parts[kinds == 2], crs=table.crs)) for ring in part
                ],
                "lines": [
                    line for part in frame.lines(gpd.GeoSeries(parts[kinds == 1], crs=table.crs)) for line in part
                ],
            }
        )
    return said
