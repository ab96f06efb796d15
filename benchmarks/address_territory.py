"""Make up a territory of Chinese addresses whose parts are known: roads, lanes, estates, buildings and households.

    python benchmarks/address_territory.py [--households 2000] [--seed 0]

The generator is this file's own, so that it shares no table with the demonstration town or with the parser. Names are
close to each other as real ones are: an estate has a sister of another ending, parts (一期, 东区), or a road of its own
name; and one in thirty has a namesake at another road.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd

CRS = "EPSG:4547"
WEST_M, SOUTH_M = 500_000.0, 3_400_000.0
SPACING_M = 40.0
"""Between two buildings of one estate."""
ESTATE_SPACING_M = 600.0
NAMESAKES = 0.03
"""Share of estates that take the name of another one."""
FLOORS = (5, 21)
"""Fewest and most floors of a house without stairwells."""

_FIRST = (
    "中人解建新和民朝复前胜团迎光华国体西东南北山海江河滨学府文武昌盛富康安福寿祥瑞天地阳春秋青绿红紫"
    "金银宝珠玉龙凤虎鹤梅兰竹菊松柏杨柳桃杏荷莲紫曙旭宏伟振兴创业科技"
)
_SECOND = (
    "山民放设华平主阳兴进利结春明强育湖海江河浦滨府化昌盛贵康宁福寿和泰景庆城园门桥塘庄岭坡湾泉溪洲岛"
    "林木花叶枝实果苑荣达辉煌成就业学海峰谷源原"
)
_DEVELOPERS = [
    "万科",
    "绿地",
    "保利",
    "碧桂园",
    "恒大",
    "龙湖",
    "中海",
    "金地",
    "华润",
    "招商",
    "世茂",
    "融创",
    "雅居乐",
]
_ESTATE_ENDINGS = (
    *["花园", "小区", "新村", "家园", "苑", "花苑", "名苑", "公寓", "雅苑", "嘉园", "华庭", "国际", "佳苑"],
    *["城", "一村", "府", "广场", "大厦", "公馆"],
)
_PARTS = ["一期", "二期", "东区", "西区", "南苑", "北苑"]
_ROAD_ENDINGS = ["路", "路", "路", "街", "大道", "巷", "大街", "东路", "西路", "南路", "北路", "中路"]
_STYLES = ("stairs", "stairs", "stairs", "tower", "tower", "letter")
PROVINCE, CITY = "云川省", "临江市"
DISTRICTS = ("北湖区", "南桥区", "江岸区", "高新区")
TOWNS = ("玫瑰街道", "鼓楼街道", "河口镇", "石桥街道", "新港镇", "梅园街道", "双塔街道", "东渡镇")


@dataclass(frozen=True)
class Address:
    """What an address says, part by part; a part that it does not have is empty.

    Parameters
    ----------
    road, number : str
        ``和平路`` and ``12号``; in a lane ``中山路`` and ``123弄``.
    estate, building, stairwell, room : str
        ``阳光花园``, ``3``, ``2`` and ``401``.
    word : str
        Unit of the building, such as ``栋``.
    place : int
        Which building of the territory this is.
    regions : tuple of str
        Province, city, district and town it lies in.
    """

    road: str
    number: str
    estate: str
    building: str
    word: str
    stairwell: str
    room: str
    place: int
    regions: tuple[str, ...] = (PROVINCE, CITY)

    @property
    def pieces(self) -> dict[str, str]:
        """Give the parts as a register writes them, in their order; those that are empty are left out."""
        pieces = {
            "road": self.road,
            "number": self.number,
            "estate": self.estate,
            "building": self.building and self.building + self.word,
            "stairwell": self.stairwell and f"{self.stairwell}单元",
            "room": self.room and f"{self.room}室",
        }
        return {part: text for part, text in pieces.items() if text}

    def __str__(self) -> str:
        return "".join(self.pieces.values())


@dataclass
class Territory:
    """All households with what their addresses say, and the names that stand in them.

    Parameters
    ----------
    addresses : list of Address
    points : list of (x, y), metres
        Of the buildings, by ``place``.
    roads, estates : list of str
    numbers : set of (road, number)
    buildings : dict of (estate or road and number) to set of str
        Buildings that there are, by what they belong to.
    namesakes : set of str
        Estates' names that stand more than once.
    """

    addresses: list[Address] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    roads: list[str] = field(default_factory=list)
    estates: list[str] = field(default_factory=list)
    numbers: set[tuple[str, str]] = field(default_factory=set)
    buildings: dict[str, set[str]] = field(default_factory=dict)
    namesakes: set[str] = field(default_factory=set)

    @property
    def regions(self) -> list[str]:
        """Names of the province, city, districts and towns."""
        return [PROVINCE, CITY, *DISTRICTS, *TOWNS]

    def frame(self) -> gpd.GeoDataFrame:
        """Give the register: ``household_id``, ``address`` and the point of the building."""
        ids = pd.Index([f"H{at:07d}" for at in range(len(self.addresses))], name="household_id")
        places = [self.points[address.place] for address in self.addresses]
        points = gpd.GeoSeries.from_xy([x for x, _ in places], [y for _, y in places], index=ids, crs=CRS)
        return gpd.GeoDataFrame({"address": [str(address) for address in self.addresses]}, geometry=points, index=ids)


def make_territory(households: int, seed: int = 0) -> Territory:
    """Make up a territory.

    Parameters
    ----------
    households : int
        About so many; some 45 live in a building.
    seed : int

    Returns
    -------
    Territory
    """
    chance = random.Random(f"territory {seed}")
    territory = Territory()
    names = invent_names(chance)
    stems = [next(names) for _ in range(max(households // 700, 12))]
    territory.roads = sorted(stem + ending for stem in stems for ending in _some(chance, _ROAD_ENDINGS))
    estates = invent_estates(chance, names, territory.roads)
    side = max(round((households / 500) ** 0.5), 2)
    while len(territory.addresses) < households:
        at = len(territory.numbers)
        west, south = WEST_M + at % side * ESTATE_SPACING_M, SOUTH_M + at // side * ESTATE_SPACING_M
        kind = chance.random()
        if kind < 0.8:
            namesake = bool(territory.estates) and chance.random() < NAMESAKES
            name = chance.choice(territory.estates) if namesake else next(estates)
            _add_estate(territory, chance, name, west, south)
        elif kind < 0.88:
            _add_lane(territory, chance, west, south)
        else:
            _add_houses(territory, chance, west, south)
    return territory


def _some(chance: random.Random, endings: list[str]) -> list[str]:
    """Give a road one or two endings: 和平东路 often has its 和平西路."""
    return chance.sample(sorted(set(endings)), 1 if chance.random() < 0.7 else 2)


def invent_names(chance: random.Random) -> Iterator[str]:
    """Give names of two characters in a drawn order, then of three; each once."""
    stems = sorted({first + second for first in _FIRST for second in _SECOND if first != second})
    chance.shuffle(stems)
    yield from stems
    while True:
        yield chance.choice(_FIRST) + chance.choice(stems)


def invent_estates(chance: random.Random, names: Iterator[str], roads: list[str] | None = None) -> Iterator[str]:
    """Give names of estates, each once: some by a developer, some in parts, some by the name of a road."""
    given: set[str] = set()
    while True:
        stem = next(names)
        if roads and chance.random() < 0.08:
            stem = chance.choice(roads)[:2]
        if chance.random() < 0.15:
            stem = chance.choice(_DEVELOPERS) + stem
        offered = [stem + chance.choice(_ESTATE_ENDINGS)]
        if chance.random() < 0.12:
            offered = [offered[0] + part for part in chance.choice((_PARTS[:2], _PARTS[2:4], _PARTS[4:]))]
        elif chance.random() < 0.05:
            offered.append(stem + chance.choice(_ESTATE_ENDINGS))
        for name in offered:
            if name not in given:
                given.add(name)
                yield name


def _gate(territory: Territory, chance: random.Random, unit: str) -> tuple[str, str]:
    """Find a house number that no one has yet."""
    while True:
        gate = chance.choice(territory.roads), f"{chance.randint(1, 400)}{unit}"
        if gate not in territory.numbers:
            territory.numbers.add(gate)
            return gate


def _region(chance: random.Random) -> tuple[str, ...]:
    town = chance.randrange(len(TOWNS))
    return PROVINCE, CITY, DISTRICTS[town // 2], TOWNS[town]


def _add_estate(territory: Territory, chance: random.Random, name: str, west: float, south: float) -> None:
    """Build an estate of 2 to 30 buildings of one style."""
    road, number = _gate(territory, chance, "号")
    style, word, region = chance.choice(_STYLES), chance.choice(("栋", "栋", "幢", "号楼")), _region(chance)
    count = min(int(chance.paretovariate(1.1) * 4), 30)
    names = [chr(65 + at) for at in range(min(count, 8))] if style == "letter" else [str(at + 1) for at in range(count)]
    word = "座" if style == "letter" else word
    if name in territory.buildings:
        territory.namesakes.add(name)
    territory.estates.append(name)
    territory.buildings.setdefault(name, set()).update(names)
    for building in names:
        base = Address(road, number, name, building, word, "", "", len(territory.points), region)
        _add_building(territory, chance, base, style == "stairs", west, south)


def _add_lane(territory: Territory, chance: random.Random, west: float, south: float) -> None:
    """Build a lane: 中山路123弄 and its houses 1号, 2号 ..."""
    road, number = _gate(territory, chance, "弄")
    names = [str(at + 1) for at in range(chance.randint(2, 20))]
    territory.buildings[road + number] = set(names)
    for building in names:
        base = Address(road, number, "", building, "号", "", "", len(territory.points), _region(chance))
        _add_building(territory, chance, base, False, west, south)


def _add_houses(territory: Territory, chance: random.Random, west: float, south: float) -> None:
    """Build a house at a road, which has a number and nothing else."""
    road, number = _gate(territory, chance, "号")
    territory.buildings[road + number] = set()
    base = Address(road, number, "", "", "", "", "", len(territory.points), _region(chance))
    _add_building(territory, chance, base, False, west, south)


def _add_building(
    territory: Territory, chance: random.Random, base: Address, stairs: bool, west: float, south: float
) -> None:
    """Put the households into a building, floor by floor, and the building into its place."""
    own = int(base.building) if base.building.isdigit() else ord(base.building or "A") - 64
    territory.points.append((west + own % 6 * SPACING_M, south + own // 6 * SPACING_M))
    floors, doors = (chance.randint(6, 7), 2) if stairs else (chance.randint(*FLOORS), chance.randint(2, 4))
    for stairwell in range(1, chance.randint(3, 6)) if stairs else (0,):
        for floor in range(1, floors + 1):
            rooms = (f"{floor}{door:02d}" for door in range(1, doors + 1))
            territory.addresses += [replace(base, stairwell=str(stairwell or ""), room=room) for room in rooms]


def main(arguments: list[str] | None = None) -> None:
    """Print what a territory holds, and some of its addresses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--households", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    territory = make_territory(options.households, options.seed)
    print(f"{len(territory.addresses):,} households in {len(territory.points):,} buildings, "
          f"{len(territory.estates):,} estates, {len(territory.roads):,} roads")  # fmt: skip
    for address in territory.addresses[:: max(len(territory.addresses) // 20, 1)]:
        print(address)


if __name__ == "__main__":
    main()
