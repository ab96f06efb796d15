"""Hold what pages say, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from gridgeo.model.bands import measure_word
from gridgeo.model.errors import TableError
from gridgeo.model.profile import Profile

LANGUAGES = ("en", "zh")

LEVEL_WORDS = {
    "en": {
        "community": {"one": "Community", "many": "Communities", "border": "Community border"},
        "grid": {"one": "Grid", "many": "Grids", "border": "Grid border"},
        "micro": {"one": "Micro grid", "many": "Micro grids", "border": "Micro grid border"},
        "beat": {"one": "Beat", "many": "Beats", "border": "Beat border"},
    },
    "zh": {
        "community": {"one": "社区", "many": "社区", "border": "社区界"},
        "grid": {"one": "网格", "many": "网格", "border": "网格界"},
        "micro": {"one": "微网格", "many": "微网格", "border": "微网格界"},
        "beat": {"one": "警格", "many": "警格", "border": "警格界"},
    },
}

MAP_WORDS = {
    "en": {
        "title": "Grid plan",
        "in_force_from": "in force from {day}",
        "draft": "draft",
        "rules": "rules of {profile}",
        "households": "households",
        "households_fact": "Households",
        "persons": "Persons",
        "area": "Area",
        "ha": "ha",
        "km2": "km²",
        "officer": "Officer",
        "none": "none named",
        "neighbours": "Neighbours",
        "incidents": "Incidents",
        "exclusive": "Exclusive area",
        "no_households": "No households",
        "below": "below",
        "within": "within band",
        "above": "above",
        "in_band": "within {band}",
        "show": "Show",
        "colour": "Colour by",
        "by_size": "Size",
        "by_area": "Area",
        "search": "Find a grid by name or code",
        "nothing_found": "Nothing of that name on this map.",
        "heat": "Heat of incidents",
        "findings": "Findings",
        "names": "Area names",
        "street_names": "Street names",
        "legend_sizes": "{many} by {measure}",
        "grids": "Grids",
        "legend_areas": "{many}, neighbours told apart",
        "legend_heat": "Incidents nearby",
        "few": "few",
        "many_incidents": "many",
        "error": "Error",
        "warning": "Warning",
        "note": "Note",
        "panel": "Legend and layers",
        "fold": "Fold or unfold the panel",
        "zoom_in": "Zoom in",
        "zoom_out": "Zoom out",
    },
    "zh": {
        "title": "网格划分图",
        "in_force_from": "自{day}起施行",
        "draft": "草案",
        "rules": "依据：{profile}",
        "households": "户",
        "households_fact": "户数",
        "persons": "人口",
        "area": "面积",
        "ha": "公顷",
        "km2": "平方千米",
        "officer": "网格员",
        "none": "未指定",
        "neighbours": "相邻",
        "incidents": "事件",
        "exclusive": "专属网格",
        "no_households": "无住户",
        "below": "偏小",
        "within": "规模适度",
        "above": "偏大",
        "in_band": "在{band}内",
        "show": "显示",
        "colour": "着色",
        "by_size": "规模",
        "by_area": "分区",
        "search": "按名称或编码查找网格",
        "nothing_found": "本图中没有这个名称。",
        "heat": "事件热度",
        "findings": "问题",
        "names": "网格名称",
        "street_names": "街巷名称",
        "legend_sizes": "{one}{measure}",
        "grids": "网格",
        "legend_areas": "{one}（相邻异色）",
        "legend_heat": "事件密度",
        "few": "少",
        "many_incidents": "多",
        "error": "错误",
        "warning": "警告",
        "note": "提示",
        "panel": "图例与图层",
        "fold": "收起或展开面板",
        "zoom_in": "放大",
        "zoom_out": "缩小",
    },
}

PICTURE_WORDS = {
    "en": {
        "in_all": "{measure} in all",
        "number_of_areas": "areas",
        "one_area": "one area holds {band}",
        "of_another_measure": "told of another measure",
        "none": "no reason: every area keeps its band",
        "under": "under {high:,}",
        "over": "{low:,} and more",
    },
    "zh": {
        "in_all": "合计（{measure}）",
        "number_of_areas": "划成个数",
        "one_area": "每个{band}",
        "of_another_measure": "按另一项指标",
        "none": "没有不达标的原因：各片均合标准",
        "under": "{high:,}以下",
        "over": "{low:,}及以上",
    },
}

REASONS = {
    "total": ("No number of areas fits the total", "总量划成几个都不合标准"),
    "number_of_areas": ("The number asked for does not fit", "按指定个数划不成"),
    "atom_over_max": ("One atom alone holds too much", "单个地块已超上限"),
    "dead_atom": ("No group around it keeps the band", "与四邻怎样组合都不合标准"),
    "hanging_piece": ("Small pieces hang on one atom", "数个小片只连着一个地块"),
    "no_division": ("These atoms cannot be shared out", "这些地块分不成合标准的片"),
    "component": ("Cut off, and too small alone", "与其余不相连且不足下限"),
    "locked": ("Kept as it was, outside its band", "按要求保留原状，不合标准"),
    "exclusive": ("An institution's own, outside its band", "专属网格不合其标准"),
    "further": ("Another measure is missed", "另一项指标不合标准"),
    "not_found": ("None found, none proved impossible", "未找到合标准的划法，亦未证明没有"),
}
"""Why a band is missed, as table CERTIFICATES names it: reason -> (English, Chinese)."""

SIZE_WORDS_ZH = {"households": "户数", "persons": "人数", "area_m2": "面积（平方米）", "grids": "所含网格数"}
"""What the size of an area is called by what is counted."""

FINDING_KINDS = {
    "missing_id": ("Missing id", "缺少编号"),
    "duplicate_id": ("Doubled id", "编号重复"),
    "empty_geometry": ("No outline", "没有图形"),
    "invalid_ring": ("Invalid outline", "图形无效"),
    "duplicate": ("Duplicate", "图形重复"),
    "contained": ("Inside another", "被包含"),
    "overlap": ("Overlap", "重叠"),
    "missing_area": ("Missing area", "整块缺失"),
    "gap": ("Gap", "空隙"),
    "open_gap": ("Open gap", "边缘空隙"),
    "hole": ("Hole", "孔洞"),
    "outside_territory": ("Outside the territory", "超出辖区"),
    "jittered_edge": ("Jittered edge", "边线抖动"),
    "outside_parent": ("Outside its parent", "越出上级"),
    "wrong_parent": ("Wrong parent", "上级有误"),
    "shifted_map": ("Shifted map", "整图偏移"),
    "wrong_code": ("Wrong code", "编码与上级不符"),
    "duplicate_code": ("Doubled code", "编码重复"),
    "household_in_none": ("Household in no area", "住户无归属"),
    "household_in_several": ("Household in several areas", "住户多重归属"),
    "institution_in_none": ("Institution in no area", "单位无归属"),
    "institution_in_several": ("Institution in several areas", "单位多重归属"),
    "street_in_none": ("Street in no area", "街道无归属"),
    "crossing_in_none": ("Crossing in no area", "路口无归属"),
    "several_parts": ("Several parts", "不连片"),
    "sliver_area": ("Sliver", "狭长碎片"),
    "unmatched_vertex": ("Unmatched vertex", "节点不吻合"),
    "hairline": ("Hairlines", "发丝缝"),
}

ROLES = {
    "grid_chief": ("Grid chief", "网格长"),
    "full_time": ("Full-time officer", "专职网格员"),
    "part_time": ("Part-time officer", "兼职网格员"),
    "micro_chief": ("Micro grid chief", "微网格长"),
    "officer": ("Officer", "网格员"),
    "cadre": ("Cadre", "包片干部"),
    "police": ("Police officer", "社区民警"),
}


def level_words(profile: Profile, level: str, language: str) -> dict[str, str]:
    """Say what an area of a level is called: by the profile's own label, where it has one.

    Parameters
    ----------
    profile : Profile
    level : str
    language : str

    Returns
    -------
    dict of str
        ``one``, ``many``, ``border``.
    """
    if level not in profile.labels:
        return LEVEL_WORDS[language][str(level)]
    english, chinese = profile.labels[level]
    if language == "zh" and chinese:
        return {"one": chinese, "many": chinese, "border": f"{chinese}界"}
    one = english[:1].upper() + english[1:]
    return {"one": one, "many": one if one.endswith("s") else f"{one}s", "border": f"{one} border"}


def size_title(profile: Profile, level: str, measure: str, language: str) -> str:
    """Head a legend of sizes: ``"Grids by households"``, ``"网格户数"``.

    Parameters
    ----------
    profile : Profile
    level : str
    measure : str
        What the band of the level counts.
    language : str
    """
    said = SIZE_WORDS_ZH.get(measure, measure) if language == "zh" else measure_word(measure)
    return MAP_WORDS[language]["legend_sizes"].format(**level_words(profile, level, language), measure=said)


def check_language(language: str) -> None:
    """Refuse a language that pages do not speak.

    Raises
    ------
    TableError
        Naming the languages there are.
    """
    if language not in LANGUAGES:
        raise TableError(f"language is {language!r}, not one of {', '.join(map(repr, LANGUAGES))}")


def say(words: Mapping[str, tuple[str, str]], name: str, language: str) -> str:
    """Say a name that a table uses in a page's language; an unknown one is said as it stands.

    Parameters
    ----------
    words : mapping of name to (English, Chinese)
    name : str
        Such as ``"mismatched_edge"``.
    language : str
        ``"en"`` or ``"zh"``.
    """
    if name in words:
        return words[name][LANGUAGES.index(language)]
    spoken = str(name).replace("_", " ")
    return spoken[:1].upper() + spoken[1:]
