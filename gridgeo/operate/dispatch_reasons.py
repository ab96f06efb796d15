"""Say in one sentence why an incident goes where it goes."""

from __future__ import annotations

from typing import Any

WHERE = {
    "point": (
        "the point lies in {area}, {border_m:.0f} m from its border",
        "定位点在 {area} 内,距边界 {border_m:.0f} 米",
    ),
    "border": (
        "the point lies {border_m:.0f} m from a border, its accuracy is {accuracy_m:.0f} m; {area} is the likeliest "
        "({score:.0%}) and {assist} assists",
        "定位点距边界 {border_m:.0f} 米、精度 {accuracy_m:.0f} 米,最可能在 {area}({score:.0%}),由 {assist} 协助",
    ),
    "near": (
        "the point lies near a border, and the address named with it is in {area}",
        "定位点靠近边界,所报地址在 {area} 内",
    ),
    "address": ("the address is in {area}", "所报地址在 {area} 内"),
    "around": (
        "the place is near an address by a border; {area} is the likeliest ({score:.0%}) and {assist} assists",
        "所报地点在边界附近,最可能在 {area}({score:.0%}),由 {assist} 协助",
    ),
    "span": ("all that the address may mean is in {area}", "所报地址所指范围在 {area} 内"),
    "spans": (
        "the address spans several areas, {area} most of it ({score:.0%}), {assist} too",
        "所报地址跨多个责任区,{area} 占比最大({score:.0%}),另有 {assist}",
    ),
    "disagree": (
        "the point lies {point_m:,.0f} m from the address, which decides: it is in {area}",
        "定位点距所报地址 {point_m:,.0f} 米,以地址为准:在 {area} 内",
    ),
    "datum": (
        "the point lies {point_m:,.0f} m from the address, as the datum of web maps would shift it; the address "
        "decides: it is in {area}",
        "定位点距所报地址 {point_m:,.0f} 米,疑为坐标系偏移,以地址为准:在 {area} 内",
    ),
    "override": (
        "override {override_id} sends it to the host area {area}, {lead} leads",
        "按归属特例 {override_id} 派往现居地 {area},由 {lead} 牵头",
    ),
    "outside": (
        "the point lies outside all areas, {border_m:,.0f} m from the nearest",
        "定位点在所有责任区之外,距最近责任区 {border_m:,.0f} 米",
    ),
    "far_outside": ("the point lies far outside all areas", "定位点远在所有责任区之外"),
    "unusable": ("the point cannot be used ({flags}) and no address is known", "定位点不可用({flags}),且无可识别地址"),
    "unknown_address": ("there is no point and the address is not known", "无定位点,所报地址无法识别"),
    "nowhere": ("there is neither a point nor an address", "既无定位点也无地址"),
    "not_in_force": ("{area} is not in force on {day}", "{area} 在 {day} 未生效"),
}
"""How the area was found: English, Chinese."""
WHO = {
    "micro_officer": ("{officer} answers for micro grid {duty_area}", "由微网格 {duty_area} 的 {officer} 受理"),
    "grid_officer": ("{officer} answers for grid {duty_area}", "由网格 {duty_area} 的 {officer} 受理"),
    "grid_deputy": ("{officer} stands in for grid {duty_area}", "由网格 {duty_area} 的副职或兼职 {officer} 受理"),
    "neighbour_grid": (
        "{officer} of neighbour grid {duty_area}, {distance_m:.0f} m away, stands in",
        "由相邻网格 {duty_area}(相距 {distance_m:.0f} 米)的 {officer} 代为受理",
    ),
    "community_duty": ("{officer} of the community's duty list takes it", "由社区值班人员 {officer} 受理"),
    "street_centre": (
        "{officer} of the street takes it: it leaves the community",
        "转街道 {officer} 受理,已离开本社区",
    ),
    "": ("nobody may be sent", "无人可派"),
}
"""By which rule the officer was found."""
UNIT = ("unit {unit}", "责任单位 {unit}")
NO_ROUTE = ("category {category!r} has no route here", "类别 {category!r} 在此无分派规则")
PASSED = ("passed over: {skipped}", "未派:{skipped}")
SKIPPED = {
    "vacant": ("nobody has a duty for it on that day", "当日无人值守"),
    "unknown": ("not among the officers", "不在人员名册中"),
    "role": ("the role may not be sent for this category", "角色不适用于该类别"),
    "leave": ("on leave", "休假"),
    "unseen": ("no position is known", "无位置信息"),
    "off_duty": ("off duty", "未在岗"),
    "old_position": ("last seen {age_min:.0f} min before", "位置信息已过 {age_min:.0f} 分钟"),
    "future_position": ("the position is dated in the future", "位置时间晚于当前时间"),
    "full": ("holds {open} open incidents", "已有 {open} 件在办"),
}
"""Why somebody was passed over."""
DOUBTS = {
    "shares": ("no area is likely enough", "责任区不够确定"),
    "overlap": ("areas overlap at the point", "定位点处责任区重叠"),
    "outside": ("the point itself lies outside all areas", "定位点在所有责任区之外"),
    "spans": ("somebody should ask which", "需核实具体位置"),
    "contradiction": ("the point contradicts it", "与定位点矛盾"),
    "unsure": ("the address is not sure", "地址不够确定"),
    "future": ("it is reported in the future", "上报时间晚于当前时间"),
    "no_route": ("somebody should name the unit", "需指定责任单位"),
    "left_community": ("somebody should agree to that", "需人工确认"),
}
"""Why somebody should look."""
LANGUAGES = ("en", "zh")


def say(words: tuple[str, str], language: str, facts: dict[str, Any] | None = None) -> str:
    """Fill the words of a language with facts."""
    return words[LANGUAGES.index(language)].format_map(facts or {})


def say_skipped(skipped: list[tuple[str, str, dict[str, Any]]], language: str) -> list[tuple[str, str]]:
    """Say who was passed over and why.

    Parameters
    ----------
    skipped : list of (str, str, dict)
        Officer or area, the word that says why, and its facts.
    language : str

    Returns
    -------
    list of (str, str)
        Officer or area, and why in words.
    """
    return [(who, say(SKIPPED[why], language, facts)) for who, why, facts in skipped]


def join(clauses: list[str], language: str) -> str:
    """Make one sentence of clauses."""
    if language == "zh":
        return ";".join(clauses) + "。"
    sentence = "; ".join(clauses)
    return sentence[:1].upper() + sentence[1:] + "."
