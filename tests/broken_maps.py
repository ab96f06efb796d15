"""Draw ragged maps of any size, and break them in known places, so that an audit can be judged by what was done."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

CRS = "EPSG:4547"
CORNER = np.array([500_000.0, 3_400_000.0])


@dataclass
class RaggedMap:
    """A coverage whose borders wind: areas in rows and columns, and parents that hold blocks of them whole."""

    areas: gpd.GeoDataFrame
    parents: gpd.GeoDataFrame
    territory: shapely.Polygon
    columns: int
    rows: int
    points: int
    side_m: float


def ragged_map(columns, rows, *, points=10, side_m=500.0, block=(4, 4), seed=0):
    """Draw columns x rows areas of 4 x points vertices each; a parent holds a block of them."""
    random = np.random.default_rng(seed)
    east, north = np.meshgrid(np.arange(columns + 1) * side_m, np.arange(rows + 1) * side_m)
    corners = np.stack([east, north], axis=-1) + random.uniform(-0.2, 0.2, (rows + 1, columns + 1, 2)) * side_m + CORNER

    def wind(begin, end):
        along = (np.arange(points) / points)[None, None, :, None]
        path = begin[:, :, None] * (1 - along) + end[:, :, None] * along
        path[:, :, 1:] += random.uniform(-0.02, 0.02, path[:, :, 1:].shape) * side_m
        return path

    flat, upright = wind(corners[:, :-1], corners[:, 1:]), wind(corners[:-1], corners[1:])

    def backwards(path, end):
        return np.concatenate([end[:, :, None], path[:, :, :0:-1]], axis=2)

    rings = [
        flat[:-1],
        upright[:, 1:],
        backwards(flat[1:], corners[1:, 1:]),
        backwards(upright[:, :-1], corners[1:, :-1]),
    ]
    rings = np.concatenate(rings, axis=2)
    rings = np.concatenate([rings, rings[:, :, :1]], axis=2).reshape(rows * columns, 4 * points + 1, 2)
    shapes = shapely.polygons(rings)
    row, column = np.divmod(np.arange(rows * columns), columns)
    parent = [f"P{r:03d}-{c:03d}" for r, c in zip(row // block[1], column // block[0], strict=True)]
    index = pd.Index([f"A{r:04d}-{c:04d}" for r, c in zip(row, column, strict=True)], name="area_id")
    areas = gpd.GeoDataFrame({"parent_id": parent}, geometry=gpd.GeoSeries(shapes, index=index, crs=CRS), index=index)
    held = areas.groupby("parent_id").geometry.apply(lambda some: shapely.coverage_union_all(some.to_numpy()))
    parents = gpd.GeoDataFrame(geometry=gpd.GeoSeries(held, crs=CRS).rename_axis("area_id"))
    territory = shapely.coverage_union_all(parents.geometry.to_numpy())
    return RaggedMap(areas, parents, territory, columns, rows, points, side_m)


@dataclass
class Injury:
    """One defect that was made on purpose."""

    kind: str
    area_ids: tuple
    area_m2: float
    place: shapely.Geometry


SIDES = {"south": (0, (0, -1)), "east": (1, (1, 0)), "north": (2, (0, 1)), "west": (3, (-1, 0))}
INNER_KINDS = (
    "gap", "hole", "missing_area", "overlap", "contained", "duplicate", "unmatched_vertex", "jittered_edge",
    "invalid_ring", "several_parts", "sliver_area", "empty_geometry", "outside_parent", "wrong_parent",
)  # fmt: skip
OUTER_KINDS = ("open_gap", "outside_territory")


class Breaker:
    """Breaks a map in places that do not touch each other, and writes down what it did."""

    def __init__(self, ragged, seed=0):
        self.map = ragged
        self.random = np.random.default_rng(seed)
        self.shapes = dict(ragged.areas.geometry.items())
        self.parent = dict(ragged.areas["parent_id"].items())
        self.injuries = []

    def name(self, column, row):
        return f"A{row:04d}-{column:04d}"

    def bend(self, area_id, side, reach_m, *, noise_m=0.0):
        """Move the inner vertices of one side; reach_m > 0 outwards. Returns the old path and the new one."""
        ring = shapely.get_coordinates(self.shapes[area_id])
        at = SIDES[side][0] * self.map.points + np.arange(3, self.map.points - 2)
        old = ring[at].copy()
        away = np.array(SIDES[side][1], dtype=float)
        ring[at] += away * reach_m + (self.random.uniform(0.2, 1, (len(at), 1)) * away * noise_m * _signs(len(at)))
        self.shapes[area_id] = shapely.Polygon(ring)
        return ring[at[0] - 1 : at[-1] + 2].copy(), old

    def note(self, kind, area_ids, place):
        self.injuries.append(Injury(kind, tuple(area_ids), float(shapely.area(place)), place))

    def frame(self):
        """Give the broken map, in an order of rows that means nothing."""
        names = list(self.shapes)
        order = self.random.permutation(len(names))
        names = [names[i] for i in order]
        index = pd.Index(names, name="area_id")
        shapes = gpd.GeoSeries([self.shapes[name] for name in names], index=index, crs=CRS)
        return gpd.GeoDataFrame({"parent_id": [self.parent[name] for name in names]}, geometry=shapes, index=index)

    def injure(self, kind, column, row):
        getattr(self, f"_{kind}")(self.name(column, row), column, row)

    # One method a kind. A block of 3 x 3 areas around the place belongs to the injury alone.

    def _gap(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "east", -6.0 - 20 * self.random.random())
        self.note("gap", [area, self.name(column + 1, row)], before.difference(self.shapes[area]))

    def _overlap(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "north", 6.0 + 20 * self.random.random())
        self.note("overlap", [area, self.name(column, row + 1)], self.shapes[area].difference(before))

    def _hole(self, area, column, row):
        hole = self.shapes[area].centroid.buffer(10 + 20 * self.random.random(), quad_segs=3)
        self.shapes[area] = self.shapes[area].difference(hole)
        self.note("hole", [area], hole)

    def _missing_area(self, area, column, row):
        self.note("missing_area", [], self.shapes.pop(area))

    def _contained(self, area, column, row):
        inner = shapely.affinity.scale(self.shapes[area], 0.3, 0.3)
        self.shapes[f"{area}-in"], self.parent[f"{area}-in"] = inner, self.parent[area]
        self.note("contained", [f"{area}-in", area], inner)

    def _duplicate(self, area, column, row):
        self.shapes[f"{area}-two"], self.parent[f"{area}-two"] = self.shapes[area], self.parent[area]
        self.note("duplicate", [area, f"{area}-two"], self.shapes[area])

    def _unmatched_vertex(self, area, column, row):
        ring = shapely.get_coordinates(self.shapes[area])
        at = self.map.points + 4
        point = ring[at] + (ring[at + 1] - ring[at]) * self.random.uniform(0.3, 0.7)
        self.shapes[area] = shapely.Polygon(np.insert(ring, at + 1, point, axis=0))
        self.note("unmatched_vertex", [area, self.name(column + 1, row)], shapely.Point(point))

    def _jittered_edge(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "west", 0.0, noise_m=0.4)
        self.note("jittered_edge", [area, self.name(column - 1, row)], before.symmetric_difference(self.shapes[area]))

    def _invalid_ring(self, area, column, row):
        ring = shapely.get_coordinates(self.shapes[area])
        for at in range(2, 4 * self.map.points - 3):
            swapped = ring.copy()
            swapped[[at, at + 1]] = ring[[at + 1, at]]
            if at % self.map.points not in (0, self.map.points - 1) and not shapely.Polygon(swapped).is_valid:
                break
        self.shapes[area] = shapely.Polygon(swapped)
        self.note("invalid_ring", [area], shapely.LineString(swapped[at - 1 : at + 3]))

    def _several_parts(self, area, column, row):
        far = self.name(column + 1, row)
        far_two = self.shapes[far].centroid.buffer(40, quad_segs=2)
        self.shapes[area] = shapely.MultiPolygon([self.shapes[area], far_two])
        self.shapes[far] = self.shapes[far].difference(far_two)
        self.note("several_parts", [area], far_two)

    def _sliver_area(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "east", -2.0)
        strip = before.difference(self.shapes[area])
        self.shapes[f"{area}-strip"], self.parent[f"{area}-strip"] = strip, self.parent[area]
        self.note("sliver_area", [f"{area}-strip"], strip)

    def _empty_geometry(self, area, column, row):
        self.shapes[f"{area}-none"], self.parent[f"{area}-none"] = None, self.parent[area]
        self.note("empty_geometry", [f"{area}-none"], shapely.Point())

    def _outside_parent(self, area, column, row):
        other = self.name(column + 1, row)
        before = self.shapes[area]
        path, _ = self.bend(area, "east", 15.0)
        ring = shapely.get_coordinates(self.shapes[other])
        at = 3 * self.map.points + np.arange(3, self.map.points - 2)
        ring[at] = path[1:-1][::-1]
        self.shapes[other] = shapely.Polygon(ring)
        self.note("outside_parent", [area], self.shapes[area].difference(before))

    def _wrong_parent(self, area, column, row):
        names = sorted(set(self.map.parents.index) - {self.parent[area]})
        self.parent[area] = names[self.random.integers(len(names))]
        self.note("wrong_parent", [area], self.shapes[area])

    def _open_gap(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "south", -8.0)
        self.note("open_gap", [area], before.difference(self.shapes[area]))

    def _outside_territory(self, area, column, row):
        before = self.shapes[area]
        self.bend(area, "south", 8.0)
        self.note("outside_territory", [area], self.shapes[area].difference(before))


def _signs(count):
    return np.where(np.arange(count) % 2, -1.0, 1.0)[:, None]


def break_map(ragged, each, *, kinds=INNER_KINDS + OUTER_KINDS, seed=0):
    """Break a map ``each`` times in every way; gives the broken areas and the list of injuries."""
    breaker = Breaker(ragged, seed)
    width, height = ragged.columns // 4, ragged.rows // 4
    # Block corners are those of parents: the place's eastern neighbour is in the next parent at column 3 of a block.
    blocks = [(c, r) for r in range(1, height) for c in range(width - 1)]
    outer = [(c, 0) for c in range(width)]
    breaker.random.shuffle(blocks)
    breaker.random.shuffle(outer)
    for kind in kinds:
        pool = outer if kind in OUTER_KINDS else blocks
        for _ in range(min(each, width // len(OUTER_KINDS)) if kind in OUTER_KINDS else each):
            column, row = pool.pop()
            east = 3 if kind == "outside_parent" else 1
            south = 0 if kind in OUTER_KINDS else 1
            breaker.injure(kind, 4 * column + east, 4 * row + south)
    return breaker.frame(), breaker.injuries


def score(findings, injuries):
    """Match findings with injuries: (unfound injuries, unexplained findings, worst error of a size)."""
    unused = {name: list(group.itertuples()) for name, group in findings.groupby("kind")}
    unfound, worst = [], 0.0
    for injury in injuries:
        rows = unused.get(injury.kind, [])
        for at, row in enumerate(rows):
            ids = set(row.area_ids.split(","))
            near = injury.place.is_empty or injury.kind == "missing_area" or row.geometry is None or _meets(row, injury)
            if set(injury.area_ids) <= ids and near and (injury.kind != "missing_area" or _meets(row, injury)):
                if injury.kind in ("gap", "open_gap", "hole", "missing_area", "overlap", "contained", "duplicate",
                                   "outside_territory", "outside_parent", "jittered_edge"):  # fmt: skip
                    worst = max(worst, abs(row.area_m2 - injury.area_m2) / injury.area_m2)
                del rows[at]
                break
        else:
            unfound.append(injury)
    return unfound, [row for rows in unused.values() for row in rows], worst


def _meets(row, injury):
    return row.geometry.dwithin(injury.place, 0.01)
