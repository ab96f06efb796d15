"""Write the report of a repair: what it proves, what moved, what it dropped, and what it leaves to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.design.actions import ACTIONS
from gridgeo.design.coverage import audit
from gridgeo.design.household_defects import take_in_households
from gridgeo.design.intake import NO_AREA, Survey, check_numbers, take_in, take_in_both, unite
from gridgeo.design.repair import Repair
from gridgeo.design.row_faults import place_of_fault
from gridgeo.model.errors import TableError

from .audit_reports import count_severities, crs_fact, proved_how, terrain_of
from .paper import Card, Check, Grid, Paper, Section, Verdict, length_of, number_in, size_of
from .repair_words import ACTION_SENTENCES, ACTION_TOLD_ZH, ACTION_WORDS, LIMIT_WORDS, REPAIR_WORDS
from .report_drawings import Terrain, draw_change, draw_overview
from .report_findings import Teller, place_texts
from .report_forms import Report
from .report_words import REPORT_WORDS
from .words import check_language, say

GRAVITY = {"dropped": "error", "placeholder": "error", "mended": "note", "noded": "note"}
"""How grave an action looks; land that changed hands stands between."""
LAND = ("clipped", "cut", "moved", "filled")
"""Actions by which land changes its area."""
NAMED = 12
"""Up to so many dropped rows are named in the verdict; a section names them all."""


@dataclass(frozen=True, eq=False)
class _Case:
    """What a report is about."""

    mended: Repair
    before: Survey
    after: Survey
    territory: shapely.Geometry
    parents: Survey | None
    left: gpd.GeoDataFrame
    changes: pd.DataFrame
    language: str
    tolerance_m: float
    pictures: int

    @property
    def words(self) -> Mapping[str, str]:
        return REPORT_WORDS[self.language] | LIMIT_WORDS[self.language] | REPAIR_WORDS[self.language]

    @cached_property
    def terrains(self) -> tuple[Terrain, Terrain]:
        """Give the map before and after."""
        return terrain_of(self.before, self.territory), terrain_of(self.after, self.territory)

    @cached_property
    def lost(self) -> list[str]:
        """Name every row of the map before that is not in the map after, whatever the repair says of it."""
        gone = Counter(map(self.before.label, range(len(self.before))))
        gone.subtract(Counter(map(self.after.label, range(len(self.after)))))
        return sorted(name for name, count in gone.items() for _ in range(max(count, 0)))


def repair_report(
    mended: Repair,
    before: Any,
    territory: Any,
    *,
    parents: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
    language: str = "en",
    title: str | None = None,
    tolerance_m: float = 0.001,
    pictures: int = 12,
) -> Report:
    """Write the report of a repair.

    The map that was mended is audited once more with the tables that are given; what is left stands in the report.

    Parameters
    ----------
    mended : Repair
        As ``repair`` returns it.
    before : GeoDataFrame or GeoSeries
        The map as it was given to the repair.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame
        What it shall cover.
    parents, households : GeoDataFrame, optional
        Areas of the level above, and points whose areas are told before and after.
    language : str
        ``"en"`` or ``"zh"``.
    title : str, optional
    tolerance_m : float, metres
        That of the repair.
    pictures : int
        How many actions of each kind are shown before and after; all others are listed.

    Returns
    -------
    Report
        ``.html()``, ``.pdf()``, ``.save("repair.html")``, ``.save("repair.pdf")``; shows itself in a notebook.

    Raises
    ------
    TableError, CrsError
        If an argument is no repair or no table of geometries, a number is out of range or the language is not spoken.
    """
    check_language(language)
    check_numbers(tolerance_m=tolerance_m, pictures=pictures)
    if not isinstance(mended, Repair):
        raise TableError(f"mended is a {type(mended).__name__}, not what gridgeo.repair returns")
    old, ground = take_in_both(before, territory)
    new = take_in(mended.areas, "mended.areas", old.crs)
    case = _Case(
        mended=mended,
        before=old,
        after=new,
        territory=unite(ground),
        parents=None if parents is None else take_in(parents, "parents", old.crs),
        left=audit(mended.areas, territory, parents=parents, households=households, tolerance_m=tolerance_m),
        changes=_count_homes(mended.changes, old, new, households),
        language=language,
        tolerance_m=tolerance_m,
        pictures=pictures,
    )
    return Report(_paper(case, title or case.words["title"]))


def _count_homes(changes: pd.DataFrame, old: Survey, new: Survey, households: Any) -> pd.DataFrame:
    """Add the households of each area before and after, where the repair was not told of them."""
    if households is None or "households_before" in changes:
        return changes
    dwellings = take_in_households(households, old.crs)
    counted = {}
    for name, survey in (("households_before", old), ("households_after", new)):
        at = {survey.label(row): row for row in range(len(survey))}
        shapes = [survey.shapes[at[str(area)]] if str(area) in at else NO_AREA for area in changes.index]
        counted[name] = dwellings.total_in(np.array(shapes, dtype=object)).astype(np.int64)
    return changes.assign(**counted)


def _paper(case: _Case, title: str) -> Paper:
    actions, words, undecided = case.mended.actions, case.words, case.mended.undecided
    grave = [GRAVITY.get(str(action), "warning") for action in actions["action"]]
    tones = [*grave, *["error"] * len(undecided)]
    numbers = [*_action_keys(actions), *(_short(str(key)) for key in undecided.index)]
    places = np.concatenate([actions.geometry.to_numpy(), undecided.geometry.to_numpy()])
    outer = None if case.parents is None else case.parents.shapes
    after = case.terrains[1]
    return Paper(
        title=title,
        language=case.language,
        verdict=_verdict(case),
        overview=draw_overview(after, places, tones, numbers, words["overview"], outer),
        legend=tuple((tone, words[f"severity_{tone}"]) for tone in ("error", "warning", "note") if tone in tones),
        facts=tuple(_facts(case)),
        checks_head=words["done"],
        checks=tuple(_tally(case)),
        limits=(),
        sections=tuple(_sections(case)),
        footer=words["made_by"].format(version=version("gridgeo")),
    )


def _action_keys(actions: gpd.GeoDataFrame) -> list[str]:
    return [str(number) for number in range(1, len(actions) + 1)]


def _short(key: str) -> str:
    """Write ``F0012`` as ``F12``."""
    return "F" + key[1:].lstrip("0") if key.startswith("F") else key


def _verdict(case: _Case) -> Verdict:
    words, certificate, undecided = case.words, case.mended.certificate, len(case.mended.undecided)
    redrawn, areas = f"{len(case.changes):,}", f"{len(case.before):,}"
    lines = [
        proved_how(certificate, words) if certificate.holds else _unproved(case),
        words["done_line"].format(redrawn=redrawn, areas=areas) if len(case.mended.actions) else words["nothing_done"],
        words["dropped_line"].format(names=_list_names(case)) if case.lost else words["dropped_none"],
    ]
    if undecided:
        count = "undecided_line_one" if undecided == 1 else "undecided_line"
        lines.append(words[count].format(count=f"{undecided:,}"))
    tone = "bad" if not certificate.holds else "mixed" if undecided else "good"
    head = words["proved"] if certificate.holds else words["not_proved"]
    return Verdict(tone, head, tuple(lines), certificate.holds)


def _unproved(case: _Case) -> str:
    """Say why the proof fails: in English as the certificate says it, in Chinese by what the audit found."""
    if case.language == "en":
        return case.mended.certificate.reason
    return " · ".join(count_severities(case.left, case.language))


def _list_names(case: _Case) -> str:
    names = ", ".join(case.lost[:NAMED]) if case.language == "en" else "、".join(case.lost[:NAMED])
    return names + (f" … ({len(case.lost):,})" if len(case.lost) > NAMED else "")


def _facts(case: _Case) -> Iterator[tuple[str, str]]:
    words, actions = case.words, case.mended.actions
    moved = actions[actions["action"].isin(LAND)]
    yield words["certificate"], words["holds"] if case.mended.certificate.holds else words["holds_not"]
    yield words["areas_before"], f"{len(case.before):,}"
    yield words["areas_after"], f"{len(case.after):,}"
    yield words["redrawn"], f"{len(case.changes):,}"
    yield words["kept"], f"{len(set(case.before.ids) - set(map(str, case.changes.index)) - set(case.lost)):,}"
    yield words["land"], size_of(float(moved["area_m2"].sum()), words)
    if moved["households"].notna().any():
        yield words["homes"], f"{moved['households'].sum():,.0f}"
    yield words["territory"], size_of(shapely.area(case.territory), words)
    if case.parents is not None:
        yield words["parents"], f"{len(case.parents):,}"
    yield words["tolerance"], length_of(case.tolerance_m)
    yield from crs_fact(case.before.crs, words)


def _tally(case: _Case) -> Iterator[Check]:
    """Count what was done, action by action."""
    counts = case.mended.actions["action"].value_counts()
    for action in ACTIONS:
        count, name = int(counts.get(action, 0)), say(ACTION_WORDS, action, case.language)
        if count:
            yield Check(name, GRAVITY.get(action, "warning"), f"{count:,}", f"do-{action}")
        else:
            yield Check(name, "clear", case.words["none"])


def _sections(case: _Case) -> Iterator[Section]:
    if case.lost:
        yield _lost_section(case)
    if len(case.mended.undecided):
        yield _undecided_section(case)
    yield from _audit_sections(case)
    if len(case.changes):
        yield _changes_section(case)
    for action in dict.fromkeys(case.mended.actions["action"]):
        yield _action_section(case, str(action))


def _lost_section(case: _Case) -> Section:
    """Name every row that is not in the mended map, with the reason that the repair gives."""
    words, actions = case.words, case.mended.actions
    told = actions[actions["action"] == "dropped"]
    why = {str(row["area_id"]): _told(case, row) for _, row in told.iterrows()}
    rows: list[tuple[str, ...]] = [(name, why.get(name, "—")) for name in case.lost]
    lines = (words["lost_line"],) if set(case.lost) <= set(why) else ()
    grid = Grid((words["id"], words["why"]), rows, (20.0, 80.0))
    return Section("lost", "error", words["lost"], len(rows), lines, grid=grid)


def _undecided_section(case: _Case) -> Section:
    """Tell what a person must decide, drawn on the mended map."""
    teller = Teller(case.terrains[1], case.mended.undecided, case.language, case.pictures)
    rows = case.mended.undecided
    placed = rows[~(rows.geometry.isna() | rows.geometry.is_empty)]
    shown = placed.iloc[: case.pictures]
    cards = tuple(teller.card(str(key), row) for key, row in shown.iterrows())
    rest = rows.drop(shown.index)
    more = case.words["more"].format(count=f"{len(rest):,}") if len(shown) else ""
    return Section("decide", "error", case.words["decide"], len(rows), (), cards, more, teller.grid(rest))


def _audit_sections(case: _Case) -> Iterator[Section]:
    """Tell what an audit of the mended map still finds."""
    words = case.words
    if not len(case.left):
        yield Section("audit", "note", words["audit"], 0, (words["audit_clean"],))
        return
    teller = Teller(case.terrains[1], case.left, case.language, 0)
    tone = str(case.left["severity"].iloc[0])
    tally = " · ".join(count_severities(case.left, case.language))
    yield Section(
        "audit", tone, words["audit"], len(case.left), (words["audit_left"], tally), (), "", teller.grid(case.left)
    )


def _changes_section(case: _Case) -> Section:
    """Set every area that was drawn anew before beside after, the greatest change first."""
    words, changes = case.words, case.changes
    step = (changes["after_m2"] - changes["before_m2"]).to_numpy()
    order = np.lexsort((changes.index.to_numpy().astype(str), -np.abs(step)))
    heads = [words["id"], words["before_m2"], words["after_m2"], words["change_m2"]]
    columns = [
        [str(area) for area in changes.index],
        [f"{value:,.2f}" for value in changes["before_m2"]],
        [f"{value:,.2f}" for value in changes["after_m2"]],
        [f"{value:+,.2f}" if abs(value) >= 0.005 else "0" for value in step],
    ]
    if "households_before" in changes:
        heads += [words["homes_before"], words["homes_after"]]
        columns += [[f"{n:,.0f}" for n in changes[name]] for name in ("households_before", "households_after")]
    rows = [tuple(column[at] for column in columns) for at in order.tolist()]
    widths = (26.0, *[-18.0] * (len(heads) - 1))
    return Section(
        "moved", "", words["moved"], len(rows), (words["moved_line"],), (), "", Grid(tuple(heads), rows, widths)
    )


def _action_section(case: _Case, action: str) -> Section:
    """Tell the actions of one kind, the largest before and after."""
    words, actions = case.words, case.mended.actions
    keys = dict(zip(actions.index, _action_keys(actions), strict=True))
    where = dict(zip(actions.index, place_texts(actions.geometry), strict=True))
    rows = actions[actions["action"] == action].sort_values("area_m2", ascending=False, kind="stable")
    shown = [(at, row, place) for at, row in rows.iterrows() if (place := _place_of(case, row)) is not None]
    shown = shown[: case.pictures]
    cards = tuple(_card(case, keys[at], row, place, where[at]) for at, row, place in shown)
    rest = rows.drop(index=[at for at, _, _ in shown])
    homes = rest["households"].fillna(0)
    columns = [
        (words["number"], 7.0, [keys[at] for at in rest.index], True),
        (say(ACTION_WORDS, action, case.language), 60.0, [_told(case, row) for _, row in rest.iterrows()], True),
        (words["households_short"], -10.0, [f"{n:,.0f}" for n in homes], bool(homes.any())),
        (words["place"], -20.0, [where[at] for at in rest.index], any(where[at] for at in rest.index)),
    ]
    kept = [column for column in columns if column[3]]
    grid = Grid(
        tuple(head for head, *_ in kept),
        list(zip(*(texts for _, _, texts, _ in kept), strict=True)),
        tuple(width for _, width, *_ in kept),
    )
    head, line = say(ACTION_WORDS, action, case.language), say(ACTION_SENTENCES, action, case.language)
    more = words["more"].format(count=f"{len(rest):,}") if cards else ""
    return Section(f"do-{action}", GRAVITY.get(action, "warning"), head, len(rows), (line,), cards, more, grid)


def _place_of(case: _Case, row: pd.Series) -> shapely.Geometry | None:
    """Give the land of an action; of a ring that was mended the place where it was invalid."""
    place = row.get("geometry")
    if place is None and row["action"] == "mended":
        at = np.flatnonzero(case.before.ids == str(row["area_id"]))
        place = place_of_fault(case.before.given[at[0]]) if len(at) else None
    return None if place is None or shapely.is_empty(place) else place


def _card(case: _Case, key: str, row: pd.Series, place: shapely.Geometry, where: str) -> Card:
    labels = case.words["before"], case.words["after"]
    concerned = [name for name in (str(row["area_id"]), str(row["other_id"])) if name]
    return Card(key, _told(case, row), where, draw_change(*case.terrains, place, labels, concerned))


def _told(case: _Case, row: pd.Series) -> str:
    """Say one action: in English as the repair says it, in Chinese from its figures."""
    if case.language == "en" or row["action"] not in ACTION_TOLD_ZH:
        return str(row["message"])
    size = size_of(max(number_in(row, "area_m2"), 0.0), case.words)
    return ACTION_TOLD_ZH[str(row["action"])].format(area=row["area_id"], other=row["other_id"], size=size)
