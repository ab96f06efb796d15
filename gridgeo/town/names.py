"""Invent names: of streets, communities, estates, hamlets, schools, works. Likeness to a real place is chance."""

from __future__ import annotations

import numpy as np

NAME_STREAM = 41
_FIRST = (
    "清文永锦瑞翠碧青云松柳荷梅兰桂枫杏芦溪鹤鹭雁燕星晨春秋和泰丰仁义"
    "明长景秀安福嘉惠金银玉石白沙竹棠桐榆槐莲菱苇蓝紫朝晚凤鸣听观望"
)
_SECOND = "桥湖浦塘港湾渡洲滩泉源林园圃川岭坡谷原野墩台阁亭庭坊井田禾穗波澜庄屿汀澄泽涧畈岸"

STREET_ENDS = {1: ("大道",), 2: ("大道", "路"), 3: ("路",), 4: ("路",), 5: ("街", "路"), 6: ("巷", "弄", "里")}
ESTATE_ENDS = {
    "walkup": ("新村", "小区", "家园"),
    "midrise": ("花园", "苑", "花苑"),
    "highrise": ("雅苑", "名苑", "华庭"),
    "tower": ("公寓", "华府", "国际公寓"),
}
SITE_ENDS = {
    "school": ("小学", "中学", "实验小学", "幼儿园"),
    "hospital": ("医院",),
    "shops": ("商场", "购物中心", "百货"),
    "office": ("大厦", "商务中心", "政务中心"),
    "park": ("公园",),
    "market": ("菜场", "农贸市场"),
    "factory": ("机械厂", "纺织厂", "电子厂", "服装厂", "包装厂", "五金厂", "食品厂", "塑料厂"),
    "station": ("站",),
}
HAMLET_ENDS = ("浜", "埭", "湾", "圩", "自然村")
PARTS = "一二三四五六七八九"
BUILDING_WORDS = ("栋", "幢", "号楼")
BUILDING_WORD_SHARES = (0.6, 0.25, 0.15)
SIDES = {"north": "北", "west": "西", "south": "南", "east": "东"}


_WIDER = "东西南北大小上下前后"
"""Put before the two characters of a name when all pairs are used up."""


class Names:
    """Hand out names, each only once.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng([seed, NAME_STREAM])
        stems = np.array([first + second for first in _FIRST for second in _SECOND])
        self._stems: list[str] = stems[self._random.permutation(len(stems))].tolist()
        self._count = 0
        self._given: set[str] = set()

    def family(self, ends: tuple[str, ...]) -> str:
        """Give a stem that no one has yet with any of some endings.

        Parameters
        ----------
        ends : tuple of str
            Of names that belong together, such as the four sides of a ring road.

        Returns
        -------
        str
            The names are the stem and each ending; all count as given.
        """
        stem = self._stem()
        while any(stem + end in self._given for end in ends):
            stem = self._stem()
        self._given.update(stem + end for end in ends)
        return stem

    def give(self, ends: tuple[str, ...]) -> str:
        """Give a name that no one has yet, with one of some endings.

        Parameters
        ----------
        ends : tuple of str

        Returns
        -------
        str
        """
        end = ends[self._random.integers(len(ends))]
        return self.family((end,)) + end

    def _stem(self) -> str:
        turn, place = divmod(self._count, len(self._stems))
        self._count += 1
        return self._stems[place] if turn == 0 else _WIDER[(turn - 1) % len(_WIDER)] + self._stems[place]
