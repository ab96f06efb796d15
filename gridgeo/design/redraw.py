"""Apply edits to a plan: each either keeps every hard rule or is refused with the rule that it would break."""

from __future__ import annotations

from collections.abc import Iterable

from gridgeo.model.edits import Edit
from gridgeo.model.plan import Plan

from .draft import Draft


def apply_edits(plan: Plan, edits: Iterable[Edit], *, used_ids: Iterable[str] = ()) -> Plan:
    """Make edits on a plan, in order.

    Atoms that change their grid carry their micro grids along (``draft_micro`` says how), and follow their grid into
    its beat. Merges and splits make areas with ids and codes that were never used in the plan, its base or this draft;
    an area that only changes its shape keeps its id.

    Parameters
    ----------
    plan : Plan
        The base; it is not changed.
    edits : iterable of Edit
    used_ids : iterable of str
        Ids that earlier versions had, besides those that the plan knows of.

    Returns
    -------
    Plan
        A draft, in force on no day; its revision is one higher for each edit. Its manifest notes what is locked
        (``locked_areas``, ``locked_atoms``), kept together (``keep_together``) and never used again (``retired_ids``,
        ``retired_codes``). Certificates that no longer apply are left out.

    Raises
    ------
    EditError
        If an edit is refused: it names an atom or area that there is not, empties an area, leaves one in pieces, joins
        communities, moves what is locked, parts what is kept together, changes a stack of floors, or changes nothing.
    """
    return Draft(plan, edits, used_ids=used_ids).plan()
