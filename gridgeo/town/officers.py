"""Appoint fictional officers and say which areas they answer for."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.levels import Level
from gridgeo.model.tables import AREAS, check

from .columns import keys, text

OFFICER_STREAM = 91
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘"
    "蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱江尹薛"
)
_FIRST = "文明志建国晓春秋永海云天德学思家立正宏嘉雨雪冬夏青安书景一子以"
_SECOND = "华平军峰强勇杰涛磊波斌超亮鹏辉宁洁静敏丽燕芳玲娟霞梅琴萍红丹颖雯琳佳怡涵宇轩然"
PHONE = "000-{:04d}-{:04d}"
"""No phone in China begins with 000: nobody can be called by mistake."""
CHIEF, FULL_TIME, PART_TIME, MICRO_CHIEF = "grid_chief", "full_time", "part_time", "micro_chief"
PART_TIME_FROM = 450
"""Households from which a grid has a part-time officer beside the full-time one."""


def make_officers(
    areas: gpd.GeoDataFrame, seed: int = 0, *, valid_from: date | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Appoint officers for areas.

    One full-time officer a grid, and a part-time one in a large grid, one chief for all grids of a community, one
    chief a micro grid.

    Parameters
    ----------
    areas : GeoDataFrame
        Table ``AREAS``: grids, micro grids, or both one under the other (``pd.concat``).
    seed : int
        The same areas and seed give the same officers.
    valid_from : date, optional
        First day of all duties; None is open.

    Returns
    -------
    officers : DataFrame
        Table ``OFFICERS``. Names are invented; phones begin with 000 and reach nobody.
    duties : DataFrame
        Table ``DUTIES``, one row for each officer and area.

    Raises
    ------
    TableError
        If ``areas`` breaks its contract.

    References
    ----------
    一格一员: one full-time officer a grid; grids are headed by the community's secretary.
    """
    check(areas, AREAS)
    level = areas["level"].astype("str")
    posts = pd.concat([_grid_posts(areas[level == Level.GRID]), _micro_posts(areas[level == Level.MICRO])])
    posts = posts.assign(officer_id=_officer_ids(posts))
    staff = posts.drop_duplicates("officer_id")
    random = np.random.default_rng([seed, OFFICER_STREAM])
    phone = random.permutation(10_000 * max(1, -(-len(staff) // 10_000)))[: len(staff)]
    officers = pd.DataFrame(
        {
            "name": text(_person_names(len(staff), random)),
            "role": text(staff["role"]),
            "phone": text(PHONE.format(*divmod(int(number), 10_000)) for number in phone),
        },
        index=keys(staff["officer_id"], "officer_id"),
    )
    duties = posts[["officer_id", "area_id", "role"]].astype("str").assign(valid_from=valid_from, valid_to=None)
    duty_ids = (f"{officer}-{area}" for officer, area in zip(duties["officer_id"], duties["area_id"], strict=True))
    return officers, duties.set_index(keys(duty_ids, "duty_id"))


def _grid_posts(grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """List who answers for each grid; the chief's post is the community's."""
    ids = grids.index.to_numpy(dtype=object)
    parent = (
        grids["parent_id"].to_numpy(dtype=object) if "parent_id" in grids else np.full(len(grids), "", dtype=object)
    )
    parent = np.where(pd.isna(parent), "", parent)
    large = ids[(grids["households"] >= PART_TIME_FROM).to_numpy()]
    return pd.DataFrame(
        {
            "area_id": np.concatenate([ids, ids, large]),
            "post": np.concatenate([parent, ids, large]),
            "role": [CHIEF] * len(ids) + [FULL_TIME] * len(ids) + [PART_TIME] * len(large),
        }
    )


def _micro_posts(micros: gpd.GeoDataFrame) -> pd.DataFrame:
    ids = micros.index.to_numpy(dtype=object)
    return pd.DataFrame({"area_id": ids, "post": ids, "role": [MICRO_CHIEF] * len(ids)})


def _officer_ids(posts: pd.DataFrame) -> np.ndarray:
    """Name officers by their post, so that grids and micro grids appointed one after the other do not clash."""
    letter = posts["role"].map({CHIEF: "C", FULL_TIME: "F", PART_TIME: "P", MICRO_CHIEF: "M"})
    return (letter + posts["post"].astype("str")).to_numpy(dtype=object)


def _person_names(count: int, random: np.random.Generator) -> list[str]:
    surname = random.integers(0, len(_SURNAMES), count)
    first, second = random.integers(0, len(_FIRST), count), random.integers(0, len(_SECOND), count)
    is_short = random.uniform(size=count) < 0.15
    return [
        _SURNAMES[family] + ("" if short else _FIRST[one]) + _SECOND[two]
        for family, one, two, short in zip(surname, first, second, is_short, strict=True)
    ]
