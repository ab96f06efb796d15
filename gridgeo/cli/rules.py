"""Run the command that lists division rules and shows what each says and what gridgeo does with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from gridgeo.model.errors import GridgeoError
from gridgeo.model.profile import UNLIMITED, Clause, Limits, Profile, list_profiles, load_profile, profile_text

from .screen import out, plain_errors, say

profiles = typer.Typer(help="List the division rules, or show the clauses of one.", invoke_without_command=True)

Language = Annotated[str, typer.Option("--language", help="en or zh.")]

WORDS = {
    "en": {
        "levels": {
            "territory": "territory",
            "beat": "beat",
            "community": "community",
            "grid": "grid",
            "micro": "micro",
        },
        "measures": {"area_m2": "m2"},
        "strengths": {},
        "columns": ("name", "title", "country", "size of an area"),
        "clauses": ("clause", "strength", "what it says", "what gridgeo does"),
        "band": "{low:,}-{high:,} {measure}",
        "least": "at least {low:,} {measure}",
        "most": "at most {high:,} {measure}",
        "about": "about {target:,} {measure}",
        "wanted": ", {target:,} wanted",
        "strength": ", {strength}",
        "weight": ", weight {weight:g}",
        "limits": "{level}: {limits}",
        "clause": " ({clause})",
        "called": "{level} is called: {label}",
        "source": "source: {source}",
        "country": "country: {country}",
        "exclusive": "areas of their own: {level}{clause}",
        "unstated": "{level}: the source does not state {words}",
        "states_none": "states no size; divides nothing as it is",
        "ratio": "{level}: {persons:,} persons in {households} households are {least:.3g} to {most:.3g} a household",
        "whole": "all levels",
        "more": "{count} profiles; gridgeo profiles show NAME prints the clauses of one, with --toml its file",
    },
    "zh": {
        "levels": {"territory": "全域", "beat": "警格", "community": "社区", "grid": "网格", "micro": "微网格"},
        "measures": {"households": "户", "persons": "人", "area_m2": "平方米", "grids": "个网格"},
        "strengths": {"hard": "必须", "soft": "一般", "may": "可以"},
        "columns": ("名称", "标题", "国家", "规模"),
        "clauses": ("条款", "效力", "内容", "gridgeo 的做法"),
        "band": "{low:,}-{high:,} {measure}",
        "least": "不少于 {low:,} {measure}",
        "most": "不超过 {high:,} {measure}",
        "about": "约 {target:,} {measure}",
        "wanted": "，目标 {target:,}",
        "strength": "，{strength}",
        "weight": "，权重 {weight:g}",
        "limits": "{level}：{limits}",
        "clause": "（{clause}）",
        "called": "{level}称为：{label}",
        "source": "来源：{source}",
        "country": "国家：{country}",
        "exclusive": "可设专属{level}{clause}",
        "unstated": "{level}：来源未规定规模（{words}）",
        "states_none": "未规定规模，不能直接用于划分",
        "ratio": "{level}：{households} 户对 {persons:,} 人，即每户 {least:.3g} 至 {most:.3g} 人",
        "whole": "各级",
        "more": "共 {count} 个；gridgeo profiles show 名称 --language zh 显示条款，--toml 打印文件",
    },
}
"""What the command says, in English and in Chinese; a word that is not here is printed as the profile has it."""


@profiles.callback()
def list_all(context: typer.Context, language: Language = "en") -> None:
    """List the division rules that gridgeo ships."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        words = _words(language)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for at, column in enumerate(words["columns"]):
        table.add_column(column, overflow="fold", no_wrap=at == 0)
    names = list_profiles()
    for profile in map(load_profile, names):
        told = [profile.name, _title(profile, language), profile.country, _sizes(profile, words)]
        table.add_row(*map(escape, told))
    out.print(table)
    out.print()
    say(words["more"].format(count=len(names)))


@profiles.command("show")
def show_profile(
    name: Annotated[str, typer.Argument(help="A name, or a .toml file.")],
    language: Language = "en",
    toml: Annotated[bool, typer.Option("--toml", help="Print the file itself, to start one's own from.")] = False,
) -> None:
    """Print each clause of a profile, how binding it is, and what gridgeo does with it.

    Example: gridgeo profiles show guali-2024
    """
    with plain_errors():
        words = _words(language)
        if toml:
            typer.echo(profile_text(name), nl=False)
            return
        profile = load_profile(name)
    say(f"{profile.title} {profile.title_zh}".strip() if language == "en" else _title(profile, language))
    for line in (profile.about, *_origin(profile, words), *_size_lines(profile, words)):
        if line:
            say(line)
    _show_clauses(profile, words, language)


def _words(language: str) -> dict:
    if language not in WORDS:
        raise GridgeoError(f"--language {language!r}: choose one of {', '.join(WORDS)}")
    return WORDS[language]


def _title(profile: Profile, language: str) -> str:
    return profile.title_zh or profile.title if language == "zh" else profile.title


def _origin(profile: Profile, words: dict) -> list[str]:
    lines = [words["source"].format(source=profile.source)] if profile.source else []
    return lines + ([words["country"].format(country=profile.country)] if profile.country else [])


def _sizes(profile: Profile, words: dict) -> str:
    """Tell the bands of a profile in one line, or that it states none."""
    told = [f"{words['levels'][level]} {_band(profile.limits[level], words)}" for level in profile.levels]
    return ", ".join(told) or words["states_none"]


def _band(limits: Limits, words: dict) -> str:
    form = "band"
    if limits.high >= UNLIMITED:
        form = "least" if limits.low else "about"
    elif not limits.low:
        form = "most"
    measure = words["measures"].get(limits.measure, limits.measure)
    return words[form].format(low=limits.low, high=limits.high, target=limits.target, measure=measure)


def _limits(limits: Limits, words: dict) -> str:
    """Tell a band with its target, strength, clause and weight, as far as they go beyond what is usual."""
    told = _band(limits, words)
    if limits.weight and (limits.low or limits.high < UNLIMITED):
        told += words["wanted"].format(target=limits.target)
    told += words["strength"].format(strength=words["strengths"].get(limits.strength, limits.strength))
    if limits.weight not in (0, 1):
        told += words["weight"].format(weight=limits.weight)
    return told + (words["clause"].format(clause=limits.clause) if limits.clause else "")


def _stated(profile: Profile, level: str) -> list[Limits]:
    """List what a level measures, its main measure first."""
    return [*filter(None, [profile.limits.get(level)]), *profile.further.get(level, ())]


def _size_lines(profile: Profile, words: dict) -> list[str]:
    lines = []
    for level, word in words["levels"].items():
        if level in profile.labels:
            label = profile.labels[level]
            lines.append(words["called"].format(level=word, label=label[1] if words is WORDS["zh"] else label[0]))
        lines += [words["limits"].format(level=word, limits=_limits(each, words)) for each in _stated(profile, level)]
        if level in profile.unstated:
            lines.append(words["unstated"].format(level=word, words=profile.unstated[level]))
        lines += _ratio(profile, level, words)
    if profile.exclusive is not None:
        told = profile.exclusive
        clause = words["clause"].format(clause=told.clause) if told.clause else ""
        lines.append(words["exclusive"].format(level=words["levels"][told.level], clause=clause))
        lines += [
            "  " + words["limits"].format(level=kind, limits=_limits(replace(band, weight=0.0), words))
            for kind, band in told.bands.items()
        ]
    return lines


def _ratio(profile: Profile, level: str, words: dict) -> list[str]:
    """Tell what a target of persons means for a band of households; both may be right, and seldom agree by chance."""
    measures = {limits.measure: limits for limits in _stated(profile, level)}
    if not {"households", "persons"} <= measures.keys():
        return []
    homes, people = measures["households"], measures["persons"]
    if not homes.low or homes.high >= UNLIMITED or (people.low, people.high) != (0, UNLIMITED):
        return []
    least, most = people.target / homes.high, people.target / homes.low
    return [
        words["ratio"].format(
            level=words["levels"][level],
            persons=people.target,
            households=f"{homes.low:,}-{homes.high:,}",
            least=least,
            most=most,
        )
    ]


def _show_clauses(profile: Profile, words: dict, language: str) -> None:
    """Print the clauses level by level; those that speak of no level stand last."""
    named = {limits.clause: level for level, limits in profile.limits.items()}
    groups: dict[str, list[Clause]] = {level: [] for level in (*words["levels"], "")}
    for clause in profile.clauses:
        groups[clause.level or named.get(clause.id, "")].append(clause)
    for level, clauses in groups.items():
        if not clauses:
            continue
        table = Table(
            title=words["levels"].get(level, words["whole"]),
            title_justify="left",
            title_style="bold",
            box=None,
            pad_edge=False,
            header_style="dim",
        )
        for at, column in enumerate(words["clauses"]):
            table.add_column(column, overflow="fold", no_wrap=at == 0)
        for clause in clauses:
            said = (clause.zh, clause.en) if language == "en" else (clause.zh or clause.en,)
            strength = words["strengths"].get(clause.strength, clause.strength)
            table.add_row(clause.id, strength, *map(escape, ("\n".join(filter(None, said)), clause.does)))
        out.print()
        out.print(table)
