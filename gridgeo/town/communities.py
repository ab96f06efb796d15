"""Join blocks into communities, mostly along main roads, the river and the railway."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely

from .ground import QUARTER_STREAM, Quarter
from .mesh import Mesh
from .zones import CHARACTERS

HOUSEHOLDS_A_COMMUNITY = 20_000 / 12
LEAST_HOUSEHOLDS = 640
WALLS = {"river": 6.0, "rail": 6.0, "limit": 1.0}
STREET_WALLS = {1: 4.0, 2: 2.5, 3: 1.5, 4: 1.0, 5: 0.5, 6: 0.2}
"""How much a line of each kind and rank keeps communities apart."""
MIXED = {"rural": 11.0}
MIXED_OTHERWISE = 4.5
"""What speaks against joining ground of one character to another's."""
OVER_SIZE, SIZE_SLACK = 8.0, 1.1
"""What speaks against a community that is so many times the usual size."""
TOGETHER = 4.0
"""What speaks for joining a region to one that surrounds it."""
WEIGHTS = {"old": 1.5, "town": 0.9, "works": 1.2, "rural": 2.3}
"""How heavy a household weighs: communities of some characters are smaller than others."""
HANDED_OVER, HANDED_WALL = (60, 330), 1.5
"""Households of a block that a community may hand to its neighbour over so weak a wall: borders do not only run on main
roads."""


@dataclass
class _Region:
    """A community in the making, and the regions it touches: length, and length times wall."""

    members: list[int]
    households: float = 0.0
    weight: float = 0.0
    areas: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    touches: dict[int, np.ndarray] = field(default_factory=lambda: defaultdict(lambda: np.zeros(2)))

    @property
    def character(self) -> str | None:
        """Name what most of its ground is."""
        return max(self.areas, key=lambda name: self.areas[name]) if self.areas else None

    @property
    def need(self) -> tuple[bool, float]:
        """Order regions by how much they need to be joined: those with too few households first."""
        return self.households >= LEAST_HOUSEHOLDS, self.weight


def join_communities(mesh: Mesh, households: np.ndarray, quarters: list[Quarter]) -> np.ndarray:
    """Join the blocks of a town into communities.

    Parameters
    ----------
    mesh : Mesh
    households : array of int
        In each block.
    quarters : list of Quarter

    Returns
    -------
    array of int
        Community of each block, numbered from 0, quarter by quarter; each is in one piece.
    """
    quarter_of = mesh.blocks["quarter"].to_numpy()
    borders = _borders(mesh)
    side_quarters = quarter_of[borders[["a", "b"]].to_numpy()]
    community = np.full(len(mesh.blocks), -1)
    first = 0
    for quarter in quarters:
        blocks = mesh.blocks[quarter_of == quarter.number].assign(
            households=households[quarter_of == quarter.number],
            character=mesh.blocks["zone"].map(CHARACTERS),
        )
        own = borders[(side_quarters == quarter.number).all(axis=1)]
        joined = _hand_over(_join_quarter(blocks, own, quarter), blocks, own, quarter)
        community[blocks.index] = joined + first
        first += joined.max() + 1
    return community


def _borders(mesh: Mesh) -> pd.DataFrame:
    """List which blocks touch, for how long, and how strongly the line between them parts them."""
    pieces = mesh.pieces
    inside = pieces[(pieces["left"] >= 0) & (pieces["right"] >= 0) & (pieces["left"] != pieces["right"])]
    return pd.DataFrame(
        {
            "a": inside[["left", "right"]].min(axis=1),
            "b": inside[["left", "right"]].max(axis=1),
            "length": shapely.length(inside["geometry"].to_numpy()),
            "wall": inside["kind"].map(WALLS).fillna(inside["rank"].map(STREET_WALLS)),
        }
    )


def _join_quarter(blocks: pd.DataFrame, borders: pd.DataFrame, quarter: Quarter) -> pd.Series:
    """Join the neediest region to its best neighbour until communities are few and large enough."""
    regions = _superblocks(blocks, borders)
    wanted = max(1, round(quarter.households / HOUSEHOLDS_A_COMMUNITY))
    target = sum(region.weight for region in regions.values()) / wanted
    while len(regions) > 1:
        neediest = min(regions, key=lambda number: (regions[number].need, number))
        if len(regions) <= wanted and regions[neediest].households >= LEAST_HOUSEHOLDS:
            break
        best = min(regions[neediest].touches, key=lambda other: (_misfit(regions, neediest, other, target), other))
        _merge(regions, neediest, best)
    number_of = {member: number for number, region in enumerate(regions.values()) for member in region.members}
    return blocks["superblock"].map(number_of)


def _superblocks(blocks: pd.DataFrame, borders: pd.DataFrame) -> dict[int, _Region]:
    """Start with the faces between main lines."""
    superblock = blocks["superblock"]
    regions = {int(number): _Region([int(number)]) for number in np.unique(superblock)}
    area = shapely.area(blocks["geometry"].to_numpy())
    facts = zip(superblock.tolist(), blocks["character"], blocks["households"].tolist(), area.tolist(), strict=True)
    for number, character, households, area_m2 in facts:
        if isinstance(character, str):
            regions[number].households += households
            regions[number].weight += households * WEIGHTS[character]
            regions[number].areas[character] += area_m2
    one, other = (superblock.loc[borders[side]].to_numpy() for side in ("a", "b"))
    lengths = borders[["length"]].to_numpy() * np.column_stack([np.ones(len(borders)), borders["wall"]])
    for a, b, shared in zip(one.tolist(), other.tolist(), lengths, strict=True):
        if a != b:
            regions[a].touches[b] += shared
            regions[b].touches[a] += shared
    return regions


def _misfit(regions: dict[int, _Region], one: int, other: int, target: float) -> float:
    """Weigh what speaks against joining two regions."""
    a, b = regions[one], regions[other]
    length, walls = a.touches[other]
    around = sum(shared[0] for shared in a.touches.values())
    mixed = 0.0
    if a.character and b.character and a.character != b.character:
        mixed = max(MIXED.get(character, MIXED_OTHERWISE) for character in (a.character, b.character))
    over = max(0.0, (a.weight + b.weight) / target - SIZE_SLACK)
    return float(walls / length + mixed + OVER_SIZE * over - TOGETHER * length / around)


def _merge(regions: dict[int, _Region], gone: int, kept: int) -> None:
    """Let one region take another in."""
    lost, region = regions.pop(gone), regions[kept]
    region.members += lost.members
    region.households += lost.households
    region.weight += lost.weight
    for name, area_m2 in lost.areas.items():
        region.areas[name] += area_m2
    for other, shared in lost.touches.items():
        regions[other].touches.pop(gone)
        if other != kept:
            region.touches[other] += shared
            regions[other].touches[kept] += shared


def _hand_over(community: pd.Series, blocks: pd.DataFrame, borders: pd.DataFrame, quarter: Quarter) -> pd.Series:
    """Let communities hand single blocks to neighbours of their character, across smaller streets."""
    random = quarter.draw(QUARTER_STREAM, quarter.number, 4)
    walls: dict[int, dict[int, float]] = {row: {} for row in blocks.index.tolist()}
    for a, b, wall in zip(borders["a"].tolist(), borders["b"].tolist(), borders["wall"].tolist(), strict=True):
        walls[a][b] = walls[b][a] = max(wall, walls[a].get(b, 0.0))
    community = community.copy()
    households, character = blocks["households"], blocks["character"]
    may_move = households.between(*HANDED_OVER) & (blocks["zone"] != "hamlet")
    moved: set[int] = set()
    for row in random.permutation(blocks.index[may_move].to_numpy()).tolist():
        home = int(community[row])
        takers = [
            int(community[other])
            for other, wall in walls[row].items()
            if community[other] != home and wall <= HANDED_WALL and character[other] == character[row]
        ]
        if not takers or {home, takers[0]} & moved:
            continue
        left = community.index[(community == home) & (community.index != row)]
        if households[left].sum() >= LEAST_HOUSEHOLDS and _is_one_piece(left.tolist(), walls):
            community[row] = takers[0]
            moved |= {home, takers[0]}
    return community


def _is_one_piece(members: list[int], walls: dict[int, dict[int, float]]) -> bool:
    inside, waiting = set(members), members[:1]
    seen = set(waiting)
    while waiting:
        new = [other for other in walls[waiting.pop()] if other in inside and other not in seen]
        seen.update(new)
        waiting += new
    return seen == inside
