"""Hold what reports of conformance say, in English and in Chinese."""

from __future__ import annotations

from gridgeo.design.verdicts import REASONS

from .words import say

CONFORMANCE_WORDS = {
    "en": {
        "title": "Conformance with the rules",
        "all_hold": "Every clause holds.",
        "none_fails": "No clause that could be judged fails.",
        "soft_fails": "No hard clause fails; {count} of usual practice {verb} not kept.",
        "hard_fails": "{count} hard {clauses} not kept.",
        "nothing_judged": "No clause could be judged.",
        "tally": "Of {clauses} clauses, kept: {holds}; not kept: {fails}; cannot be judged: {unjudged}.",
        "rules": "Rules",
        "source": "Source",
        "day": "Duties of",
        "given": "Held against",
        "areas": "{level}: areas",
        "covers": "What the areas cover",
        "way": "What",
        "total": "In all",
        "in_none": "In no area",
        "share": "Covered",
        "clauses": "Clauses",
        "clause": "Clause",
        "level": "Level",
        "state": "State",
        "figure": "Figure",
        "limit": "Limit",
        "failing": "Where it fails",
        "open": "What could not be judged, and why",
        "map": "Where clauses fail",
        "more": "{count} more, listed without a picture",
        "none": "none",
        "not_given": "not given: {missing}",
        "in_band": "{held} of {judged} inside",
        "range": "{least} to {most}",
        "mean": "{mean} in the mean",
        "of_them": "{failing} of {judged} {quantity} fail",
        "none_may": "none fails",
        "made_by": "Made by gridgeo {version}",
    },
    "zh": {
        "title": "划分规则符合性报告",
        "all_hold": "各条规则均已符合。",
        "none_fails": "可判定的规则均未违反。",
        "soft_fails": "强制性规则均未违反；{count}条一般性要求未达到。",
        "hard_fails": "{count}条强制性规则未符合。",
        "nothing_judged": "没有一条规则可以判定。",
        "tally": "共{clauses}条：符合{holds}条，不符合{fails}条，无法判定{unjudged}条。",
        "rules": "依据",
        "source": "出处",
        "day": "包保日期",
        "given": "对照资料",
        "areas": "{level}数",
        "covers": "覆盖情况",
        "way": "对象",
        "total": "总量",
        "in_none": "无归属",
        "share": "覆盖率",
        "clauses": "逐条对照",
        "clause": "规则",
        "level": "层级",
        "state": "结论",
        "figure": "实测",
        "limit": "要求",
        "failing": "不符合之处",
        "open": "无法判定的规则及原因",
        "map": "不符合规则之处",
        "more": "另有{count}处，列表如下",
        "none": "无",
        "not_given": "未提供{missing}",
        "in_band": "{judged}个中{held}个达标",
        "range": "{least}至{most}",
        "mean": "平均{mean}",
        "of_them": "{judged}{quantity}中{failing}不符合",
        "none_may": "均须符合",
        "made_by": "由 gridgeo {version} 生成",
    },
}

STATES = {
    "holds": ("holds", "符合"),
    "fails": ("fails", "不符合"),
    "cannot be judged": ("cannot be judged", "无法判定"),
}
STRENGTHS = {
    "hard": ("must", "强制"),
    "soft": ("usual practice", "一般要求"),
    "may": ("permitted", "可以"),
}
POINTS = {
    "cover_area": ("Land covered", "土地覆盖"),
    "cover_households": ("Households covered", "住户覆盖"),
    "cover_streets": ("Streets covered", "街巷覆盖"),
    "cover_institutions": ("Institutions covered", "单位覆盖"),
    "cover_crossings": ("Crossings covered", "路口覆盖"),
    "cover_atoms": ("Atoms with an area", "地块归属"),
    "cover": ("Coverage", "覆盖"),
    "no_overlap": ("No land in two areas", "不重叠"),
    "nesting": ("Inside the area above", "不跨上级"),
    "one_piece": ("In one piece", "连片"),
    "on_streets": ("Borders on streets", "沿街定界"),
    "on_features": ("Borders that can be seen", "界线可辨"),
    "whole_units": ("Estates and villages whole", "小区村组完整"),
    "whole_buildings": ("Buildings whole", "楼栋完整"),
    "whole_institutions": ("Institutions whole", "单位完整"),
    "alone": ("One institution alone", "专属单独成格"),
    "one_officer": ("One officer, one area", "一格一员"),
    "staff": ("Chief and full-time officer", "网格长与专职网格员"),
    "codes": ("Codes", "编码"),
    "words": ("Stated in words", "文字规定"),
    "households": ("Households", "户数"),
    "persons": ("Persons", "人数"),
    "area_m2": ("Land", "面积"),
    "grids": ("Grids", "所含网格数"),
}
"""What is judged of a clause: point -> (English, Chinese); a band of another measure is called by its measure."""

SUBJECTS = {
    "size": ("Size", "规模"),
    "boundary": ("Boundary", "边界"),
    "nesting": ("Nesting", "层级"),
    "coverage": ("Coverage", "覆盖"),
    "shape": ("Shape", "形态"),
    "splitting": ("Splitting", "拆分"),
    "staffing": ("Staffing", "人员"),
    "exclusive areas": ("Exclusive areas", "专属网格"),
    "setting": ("Setting", "场景"),
    "network": ("Network", "多网合一"),
    "patrol": ("Patrol", "巡查走访"),
    "public notice": ("Public notice", "公示"),
    "adjustment": ("Adjustment", "动态调整"),
    "dispatch": ("Dispatch", "事件处置"),
    "assessment": ("Assessment", "考核"),
    "privacy": ("Privacy", "隐私"),
    "codes": ("Codes", "编码"),
}

QUANTITIES = {
    "areas": ("areas", "个责任区"),
    "units": ("units", "个小区或村组"),
    "buildings": ("buildings", "栋楼"),
    "places": ("institutions", "个单位"),
    "institutions": ("institutions", "个单位"),
    "pairs of areas": ("areas", "个责任区"),
    "atoms": ("atoms", "个地块"),
    "households": ("households", "户"),
    "crossings": ("crossings", "个路口"),
    "m2": ("m²", "平方米"),
    "m": ("m", "米"),
}

SITE_KINDS_ZH = {
    "commercial": "商业区",
    "office": "办公楼宇",
    "large_factory": "大型企业",
    "school": "学校",
    "hospital": "医院",
}
"""Kinds of institutions, in Chinese."""

WAYS = {
    "area": ("Land", "土地"),
    "households": ("Households", "住户"),
    "streets": ("Streets", "街巷"),
    "institutions": ("Institutions", "单位"),
    "crossings": ("Crossings", "路口"),
}

MISSING = {
    "households": "住户",
    "streets": "街巷",
    "places": "单位",
    "institutions": "单位",
    "units": "小区或村组范围",
    "buildings": "楼栋",
    "duties": "包保名单",
    "territory": "辖区范围",
    "places with a column kind": "单位及其类别",
    "persons": "人数",
    "grid": "网格",
    "micro": "微网格",
    "beat": "警格",
    "community": "社区",
    "crossings": "路口",
    "m": "街巷",
    "m2": "土地",
}
"""What is missing, in Chinese; what is not here is said as it stands."""

REASONS_ZH = {
    "words": "仅为文字规定，未给出可据以对照的数值",
    "rest_in_words": "可测量的部分符合，其余为文字规定",
    "permission": "属许可性规定，不作要求",
    "unstated": "出处未写明（{missing}）",
    "target_only": "只有目标值，没有上下限",
    "no_share": "未规定应达到的比例",
    "no_level": "方案中没有{missing}这一层级",
    "no_input": "未提供{missing}",
    "empty": "所提供的{missing}没有可用记录",
    "not_counted": "方案未统计{missing}",
    "nothing": "方案中没有所涉及的对象",
    "no_day": "包保有起止日期，须指明日期",
    "no_role": "名单中没有{missing}这一角色",
}

FAULTS = {
    "band": ("Size outside its band", "规模不达标"),
    "outside_parent": ("Outside its parent", "越出上级"),
    "no_parent": ("No parent", "缺少上级"),
    "grid_cut": ("Grid cut by beats", "网格被警格割裂"),
    "several_parts": ("Several parts", "不连片"),
    "overlap": ("Overlap", "重叠"),
    "unit_cut": ("Cut in two", "被割裂"),
    "not_alone": ("Not alone", "未单独成格"),
    "code": ("Code", "编码有误"),
    "off_street": ("Off the streets", "界线离开街巷"),
    "vacancy": ("Nobody on duty", "无人包保"),
    "several_officers": ("Several officers", "一格多员"),
    "shared_officer": ("Officer of several areas", "一员多格"),
    "uncovered_area": ("Land in no area", "土地无归属"),
    "uncovered_households": ("Household in no area", "住户无归属"),
    "uncovered_streets": ("Street in no area", "街巷无归属"),
    "uncovered_institutions": ("Institution in no area", "单位无归属"),
    "uncovered_crossings": ("Crossing in no area", "路口无归属"),
    "no_owner": ("Atom in no area", "地块无归属"),
}
"""What is wrong in a place: kind of a finding -> (English, Chinese)."""


def say_point(point: str, measure: str, language: str) -> str:
    """Say what is judged of a clause; a band of one kind of institutions by the kind and the measure.

    Parameters
    ----------
    point, measure : str
        As in the table of clauses.
    language : str
    """
    if point in POINTS or not measure or point == measure:
        return say(POINTS, point, language)
    kind = point.removesuffix(f"_{measure}")
    if language == "en":
        return f"{say({}, kind, language)}: {say(POINTS, measure, language).lower()}"
    return f"{SITE_KINDS_ZH.get(kind, kind)}{say(POINTS, measure, language)}"


def say_reason(reason: str, missing: str, language: str) -> str:
    """Say why a clause cannot be judged.

    Parameters
    ----------
    reason : str
        A key of ``gridgeo.design.verdicts.REASONS``.
    missing : str
        What is missing.
    language : str
        ``"en"`` or ``"zh"``.
    """
    if language == "zh":
        return REASONS_ZH[reason].format(missing=MISSING.get(missing, missing))
    told = REASONS[reason].format(missing=missing)
    return told[:1].upper() + told[1:]
