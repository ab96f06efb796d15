"""List the kinds of incident: how many, when, where, and in what words they are reported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One kind of incident.

    Parameters
    ----------
    share : float
        Of all incidents.
    peaks : tuple of (hour, weight)
        When in the day it is reported most.
    weekend : float
        Reports on a Saturday or Sunday, against a weekday.
    storm : bool
        Whether bad weather brings it.
    places : tuple of float
        Shares at homes, on streets, at busy sites.
    texts : tuple of str
        What is reported.
    """

    share: float
    peaks: tuple[tuple[float, float], ...]
    weekend: float
    storm: bool
    places: tuple[float, float, float]
    texts: tuple[str, ...]


CATEGORIES = {
    "environment": Category(0.20, ((8, 1.0), (15.5, 0.7)), 0.9, False, (0.45, 0.35, 0.20),
                            ("垃圾未及时清运", "楼道堆放杂物", "绿化带内有垃圾", "垃圾桶满溢")),
    "parking": Category(0.16, ((8, 0.8), (18.5, 1.2), (21, 0.6)), 1.1, False, (0.35, 0.40, 0.25),
                        ("车辆占用消防通道", "人行道上违规停车", "电动车在楼道内充电", "车辆堵住小区出口")),
    "street_order": Category(0.14, ((7, 0.9), (11.5, 0.6), (18.5, 1.1)), 1.25, False, (0.05, 0.40, 0.55),
                             ("流动摊贩占道经营", "店外堆放货物", "违规张贴小广告", "占道施工未设围挡")),
    "noise": Category(0.12, ((13, 0.3), (20, 1.0), (22.5, 0.9)), 1.35, False, (0.62, 0.13, 0.25),
                      ("夜间施工噪声扰民", "广场舞音量过大", "邻居装修噪声", "商铺音响过大")),
    "facility": Category(0.12, ((9, 1.0), (16, 0.8)), 0.75, True, (0.35, 0.60, 0.05),
                         ("路灯不亮", "窨井盖破损", "路面坑洼积水", "健身器材损坏")),
    "dispute": Category(0.10, ((10, 0.6), (19.5, 1.0)), 1.2, False, (0.75, 0.08, 0.17),
                        ("邻里漏水纠纷", "物业费纠纷", "家庭矛盾请求调解", "消费纠纷")),
    "safety": Category(0.07, ((10, 1.0), (15, 0.8)), 0.7, False, (0.40, 0.20, 0.40),
                       ("消防设施缺失", "私拉电线", "燃气异味", "灭火器过期")),
    "water_tree": Category(0.04, ((7, 0.7), (16, 1.0)), 1.0, True, (0.30, 0.65, 0.05),
                           ("树木倒伏", "道路积水", "地下车库进水", "广告牌松动")),
    "help": Category(0.05, ((9, 1.0), (16, 0.6)), 0.9, False, (0.85, 0.05, 0.10),
                     ("独居老人需要上门", "请求代办证件", "残疾人出行求助", "忘带钥匙求助")),
}  # fmt: skip
"""Code -> kind of incident."""
HOT_KINDS = {
    "market": 4.0,
    "station": 5.0,
    "commercial": 3.0,
    "hospital": 2.5,
    "school": 1.0,
    "park": 0.7,
    "factory": 0.4,
}
"""Busy kinds of site, and how busy."""
QUIET = 0.01
"""How busy the other kinds are."""
STREET_WEIGHTS = {1: 0.3, 2: 0.8, 3: 1.4, 4: 1.3, 5: 1.0, 6: 0.5}
"""Incidents on a metre of street, by rank."""
