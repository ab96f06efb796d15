"""Tell by which points a plan is held against a clause.

What a clause is about, its subject, settles most of it. A clause of a shipped profile whose words ask for something
else is listed here, with what of it can be measured; a copy of it in a profile of another name is known by its id and
its sentence. No number stands here: numbers are the profile's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gridgeo.model.errors import ProfileError
from gridgeo.model.profile import Clause, Profile, load_profile

Points = tuple[tuple[str, ...], bool]
"""Names of points, and whether they say all that the clause asks for."""

POINTS = (
    "cover", "no_overlap", "nesting", "one_piece", "on_streets", "on_features", "whole_units", "whole_buildings",
    "whole_institutions", "alone", "one_officer", "one_first_officer", "staff", "codes",
)  # fmt: skip
"""What a plan can be held against besides bands.

``cover`` the five ways to cover, ``no_overlap`` no land in two areas, ``nesting`` inside the parent, ``one_piece``,
``on_streets`` inner borders on streets, ``on_features`` on streets, rivers, railways or walls, ``whole_units``,
``whole_buildings``, ``whole_institutions`` none cut, ``alone`` an exclusive area holds one institution,
``one_officer`` one an area and one area an officer, ``one_first_officer`` one an area, ``staff`` chief and full-time
officer, ``codes`` that go on from the parent's.
"""

BY_SUBJECT: Mapping[str, Points] = {
    "nesting": (("nesting",), True),
    "coverage": (("cover",), True),
    "shape": (("one_piece",), False),
    "codes": (("codes",), True),
}
"""Subject of a clause -> how it is judged; a clause of another subject, without a band, is words."""

WORDS: Points = ((), True)

BY_CLAUSE: Mapping[str, Mapping[str, Points]] = {
    "baoan": {"patrol": (("one_first_officer",), False)},
    "dongcheng-unit-grid": {"overlap": (("no_overlap",), True), "buildings": (("whole_buildings",), True)},
    "gridez": {"stratum": (("nesting",), False)},
    "guali-2024": {
        "grid-rural": (("whole_units",), False),
        "micro-unit": (("whole_buildings", "whole_units"), True),
        "exclusive": (("alone",), True),
        "staffing": (("staff",), False),
    },
    "inner-mongolia": {
        "grid-unit": (("whole_units", "whole_buildings"), True),
        "staffing": (("staff",), False),
    },
    "inner-mongolia-rural": {"staffing": (("staff",), False)},
    "new-zealand-meshblocks": {"visible": (("on_features",), True), "whole": (("whole_institutions",), True)},
    "police-beats": {"stations": WORDS},
    "pre-census-areas": {"cover": (("cover", "no_overlap"), True), "edges": (("on_features",), True)},
    "shangdi": {"levels": WORDS, "four-bounds": (("on_features",), False)},
    "sichuan": {"motto": (("on_streets", "cover"), False), "staffing": (("one_officer",), True)},
    "sichuan-rural": {
        "motto": (("on_streets", "cover"), False),
        "staffing": (("one_officer",), True),
        "grid-unit": (("whole_units",), False),
    },
    "township-three-level": {"levels": WORDS, "unit": (("whole_units",), False)},
    "xiayang-2022": {"police": WORDS, "red-line": (("whole_units",), False)},
}
"""Profile -> clause -> how it is judged, where its subject alone does not settle it."""


def points_of(profile: Profile, clause: Clause, asked: Mapping[str, str]) -> Points:
    """Tell by which points a clause is judged.

    Parameters
    ----------
    profile : Profile
    clause : Clause
    asked : mapping of clause id to point
        What the caller says; it goes before what is listed here.

    Returns
    -------
    names : tuple of str
        Of ``POINTS``; empty where the clause is words.
    is_whole : bool
        Whether they say all that the clause asks for.
    """
    if clause.id in asked:
        return (asked[clause.id],), True
    for name in [profile.name] if profile.name in BY_CLAUSE else BY_CLAUSE:
        listed = BY_CLAUSE[name].get(clause.id)
        if listed is not None and _sentences(name).get(clause.id) == (clause.en, clause.zh):
            return listed
    return BY_SUBJECT.get(clause.subject, WORDS)


@cache
def _sentences(name: str) -> dict[str, tuple[str, str]]:
    return {clause.id: (clause.en, clause.zh) for clause in load_profile(name).clauses}


def check_asked(profile: Profile, asked: Mapping[str, str]) -> None:
    """Refuse to judge a clause that the profile does not hold, or by a point that there is not.

    Raises
    ------
    ProfileError
    """
    known = [clause.id for clause in profile.clauses]
    for name, point in asked.items():
        if name not in known:
            raise ProfileError(
                f"judged_by: profile {profile.name!r} has no clause {name!r}; it has {', '.join(known) or 'none'}"
            )
        if point not in POINTS:
            raise ProfileError(f"judged_by: clause {name!r}: {point!r} is none of {', '.join(POINTS)}")
