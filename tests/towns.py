"""Draw towns as text, so that a test shows its case.

Each character is a square of 100 m by 100 m; the same letter makes one area; ``.`` is left out.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

SIDE_M = 100.0
CRS = "EPSG:4547"
EAST_M, NORTH_M = 500_000.0, 3_400_000.0


def _rows(drawing):
    rows = [line.strip() for line in drawing.strip().splitlines()]
    return [row for row in rows if row]


def square(column, row, rows):
    """Give the square at a column from the west and a row from the north."""
    west, north = EAST_M + column * SIDE_M, NORTH_M + (rows - row) * SIDE_M
    return shapely.box(west, north - SIDE_M, west + SIDE_M, north)


def town(drawing, *, level="grid", households=0, parent_id=None):
    """Draw areas: table AREAS, one row a letter, in alphabetical order."""
    rows = _rows(drawing)
    squares = {}
    for at, row in enumerate(rows):
        for column, letter in enumerate(row):
            if letter != ".":
                squares.setdefault(letter, []).append(square(column, at, len(rows)))
    letters = sorted(squares)
    shapes = [shapely.coverage_union_all(squares[letter]) for letter in letters]
    shapes = [part[0] if len(part := shapely.get_parts(shape)) == 1 else shape for shape in shapes]
    return gpd.GeoDataFrame(
        {
            "code": letters,
            "name": letters,
            "level": level,
            "kind": "base",
            "parent_id": parent_id,
            "households": households,
            "persons": 0,
            "area_m2": shapely.area(np.array(shapes)),
        },
        geometry=gpd.GeoSeries(shapes, crs=CRS, index=pd.Index(letters, name="area_id")),
        index=pd.Index(letters, name="area_id"),
    )


def communities(drawing):
    """Draw communities: table COMMUNITIES."""
    return town(drawing, level="community")[["name", "level", "parent_id", "kind", "geometry"]]


def households_at(places, *, count=1):
    """Put households at places given in squares from the south-west: table HOUSEHOLDS."""
    points = [shapely.Point(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M) for x, y in places]
    index = pd.Index([f"H{number:04d}" for number in range(len(points))], name="household_id")
    return gpd.GeoDataFrame({"count": count}, geometry=gpd.GeoSeries(points, crs=CRS, index=index), index=index)


def street_lines(lines, *, rank=4):
    """Lay streets through places given in squares from the south-west: table STREETS."""
    shapes = [shapely.LineString([(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M) for x, y in line]) for line in lines]
    index = pd.Index([f"S{number:03d}" for number in range(len(shapes))], name="street_id")
    columns = {"name": list(index), "rank": rank, "kind": "street"}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)
