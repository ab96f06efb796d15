"""Draw ragged maps of any size, and break them in known places, so that an audit can be judged by what was done."""

from dataclasses import dataclass
from functools import cached_property

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
    code_of = {name: f"{number:06d}" for number, name in enumerate(sorted(set(parent)), start=1)}
    inner = row % block[1] * block[0] + column % block[0]
    code = [f"{code_of[name]}{number:03d}" for name, number in zip(parent, inner, strict=True)]
    areas = gpd.GeoDataFrame(
        {"parent_id": parent, "code": code}, geometry=gpd.GeoSeries(shapes, index=index, crs=CRS), index=index
    )
    held = areas.groupby("parent_id").geometry.apply(lambda some: shapely.coverage_union_all(some.to_numpy()))
    parents = gpd.GeoDataFrame(geometry=gpd.GeoSeries(held, crs=CRS).rename_axis("area_id"))
    parents["code"] = parents.index.map(code_of)
    territory = shapely.coverage_union_all(parents.geometry.to_numpy())
    return RaggedMap(areas, parents, territory, columns, rows, points, side_m)


@dataclass
class Injury:
    """One defect that was made on purpose."""

    kind: str
    area_ids: tuple
    area_m2: float
    place: shapely.Geometry
    value: float = float("nan")

    @cached_property
    def width_m(self):
        """Measure the largest inscribed circle by GEOS, to 0.2 % of the mean width; nan where it was not made wide."""
        if self.kind not in WIDE_KINDS or self.place.geom_type != "Polygon":
            return float("nan")
        fine = 0.002 * self.place.area / self.place.length
        return 2 * shapely.maximum_inscribed_circle(self.place, tolerance=fine).length


SIDES = {"south": (0, (0, -1)), "east": (1, (1, 0)), "north": (2, (0, 1)), "west": (3, (-1, 0))}
INNER_KINDS = (
    "gap", "hole", "missing_area", "overlap", "contained", "duplicate", "unmatched_vertex", "jittered_edge",
    "invalid_ring", "several_parts", "sliver_area", "empty_geometry", "outside_parent", "wrong_parent",
)  # fmt: skip
OUTER_KINDS = ("open_gap", "outside_territory")
ROW_KINDS = ("missing_id", "duplicate_id", "wrong_code", "duplicate_code")
"""What is wrong with ids and codes, where the land is not."""
THING_KINDS = (
    "household_in_none", "household_in_several", "institution_in_none", "institution_in_several", "street_in_none",
    "crossing_in_none",
)  # fmt: skip
"""What ``lost_things`` puts on land that is in no area, or in several."""
ALL_KINDS = INNER_KINDS + OUTER_KINDS + ROW_KINDS
SIZED_KINDS = (
    "gap", "open_gap", "hole", "missing_area", "overlap", "contained", "duplicate", "outside_territory",
    "outside_parent", "jittered_edge", "wrong_parent", "missing_id", "wrong_code", "duplicate_code", "duplicate_id",
)  # fmt: skip
WIDE_KINDS = ("gap", "open_gap", "hole", "missing_area", "overlap", "outside_territory", "outside_parent")


class Breaker:
    """Breaks a map in places that do not touch each other, and writes down what it did."""

    def __init__(self, ragged, seed=0):
        self.map = ragged
        self.random = np.random.default_rng(seed)
        self.shapes = dict(ragged.areas.geometry.items())
        self.parent = dict(ragged.areas["parent_id"].items())
        self.code = dict(ragged.areas["code"].items())
        self.label = {}
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

    def add(self, name, shape, like, *, code=None):
        """Add a row beside another one, of the same parent, with a code of its own."""
        self.shapes[name], self.parent[name] = shape, self.parent[like]
        self.code[name] = code or f"{self.code[like]}{len(self.code):07d}"

    def note(self, kind, area_ids, place):
        self.injuries.append(Injury(kind, tuple(area_ids), float(shapely.area(place)), place))

    def frame(self):
        """Give the broken map, in an order of rows that means nothing."""
        names = list(self.shapes)
        order = self.random.permutation(len(names))
        names = [names[i] for i in order]
        index = pd.Index([self.label.get(name, name) for name in names], name="area_id")
        shapes = gpd.GeoSeries([self.shapes[name] for name in names], index=index, crs=CRS)
        said = {"parent_id": [self.parent[name] for name in names], "code": [self.code[name] for name in names]}
        return gpd.GeoDataFrame(said, geometry=shapes, index=index)

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
        self.add(f"{area}-in", inner, area)
        self.note("contained", [f"{area}-in", area], inner)

    def _duplicate(self, area, column, row):
        self.add(f"{area}-two", self.shapes[area], area, code=self.code[area])
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
        self.add(f"{area}-strip", strip, area)
        self.note("sliver_area", [f"{area}-strip"], strip)

    def _empty_geometry(self, area, column, row):
        self.add(f"{area}-none", None, area)
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

    def _missing_id(self, area, column, row):
        self.label[area] = None
        self.note("missing_id", ["(no id)"], self.shapes[area])

    def _duplicate_id(self, area, column, row):
        other = self.name(column + 1, row + 1)
        self.label[area] = other
        self.note("duplicate_id", [other], shapely.MultiPolygon([self.shapes[area], self.shapes[other]]))

    def _wrong_code(self, area, column, row):
        names = sorted(set(self.map.parents.index) - {self.parent[area]})
        other = names[self.random.integers(len(names))]
        self.code[area] = f"{self.map.parents['code'][other]}{len(self.injuries):07d}"
        self.note("wrong_code", [area], self.shapes[area])

    def _duplicate_code(self, area, column, row):
        other = self.name(column + 1, row + 1)
        self.code[area] = self.code[other]
        self.note("duplicate_code", [area, other], shapely.MultiPolygon([self.shapes[area], self.shapes[other]]))

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


@dataclass
class Things:
    """What areas should hold besides land, and what of it they do not."""

    households: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    injuries: list[Injury]


LACKS, CROWDS = ("gap", "hole", "missing_area"), ("overlap", "contained", "duplicate")


def lost_things(ragged, injuries, *, seed=0):
    """Put households, a school and a crossing of two streets on every injured place, and households on sound land."""
    random = np.random.default_rng(seed)
    homes, counts, schools, lines, made = [], [], [], {}, []
    for number, injury in enumerate(one for one in injuries if one.kind in LACKS + CROWDS):
        point = injury.place.point_on_surface()
        where, count = ("none" if injury.kind in LACKS else "several"), int(random.integers(1, 9))
        homes.append(point)
        counts.append(count)
        schools.append((f"School {number}", point))
        made.append(Injury(f"household_in_{where}", injury.area_ids, 0.0, point, float(count)))
        made.append(Injury(f"institution_in_{where}", injury.area_ids, 0.0, point, 1.0))
        if injury.kind not in LACKS:
            continue
        west, south, east, north = injury.place.bounds
        for name, begin, end in (
            (f"Row {number}", (west - 20, point.y), (east + 20, point.y)),
            (f"Column {number}", (point.x, south - 20), (point.x, north + 20)),
        ):
            lines[name] = shapely.LineString([begin, (point.x, point.y), end])
            length = lines[name].intersection(injury.place).length
            made.append(Injury("street_in_none", injury.area_ids, 0.0, point, length))
        made.append(Injury("crossing_in_none", injury.area_ids, 0.0, point, 1.0))
    sound = ragged.areas.geometry.representative_point()
    hit = shapely.STRtree([one.place for one in injuries]).query(sound, predicate="dwithin", distance=1.0)[0]
    sound = sound.drop(sound.index[np.unique(hit)])
    households = gpd.GeoDataFrame(
        {"count": [*counts, *[3] * len(sound)]}, geometry=[*homes, *sound.to_numpy()], crs=CRS
    )
    places = gpd.GeoDataFrame(
        {"name": [name for name, _ in schools]}, geometry=[place for _, place in schools], crs=CRS
    )
    streets = gpd.GeoDataFrame({"name": list(lines)}, geometry=list(lines.values()), crs=CRS)
    return Things(households, places, streets, made)


def score(findings, injuries):
    """Match findings with injuries: (unfound injuries, unexplained findings, worst error of a size).

    A finding matches where its kind, its areas and its place are those of the injury, its width is within 2 % of what
    GEOS measures, and it counts what was put there.
    """
    unused = {name: list(group.itertuples()) for name, group in findings.groupby("kind")}
    unfound, worst = [], 0.0
    for injury in injuries:
        rows = unused.get(injury.kind, [])
        for at, row in enumerate(rows):
            if _is_found(row, injury):
                if injury.kind in SIZED_KINDS:
                    worst = max(worst, abs(row.area_m2 - injury.area_m2) / injury.area_m2)
                del rows[at]
                break
        else:
            unfound.append(injury)
    return unfound, [row for rows in unused.values() for row in rows], worst


def _is_found(row, injury):
    if not set(injury.area_ids) <= set(row.area_ids.split(",")):
        return False
    if not (injury.place.is_empty or row.geometry is None or _meets(row, injury)):
        return False
    if np.isfinite(injury.value) and not np.isclose(row.value, injury.value, rtol=1e-6):
        return False
    return not np.isfinite(injury.width_m) or abs(row.width_m - injury.width_m) <= 0.02 * injury.width_m


def _meets(row, injury):
    return row.geometry.dwithin(injury.place, 0.01)
