"""Tell whether edits of two planners touch the same things, and put one's edits after the other's where they do not.

What an edit reads and writes is taken from the steps that it made: the atoms of every area that it redraws, names and
codes, parents, locks. Two edits of which neither writes what the other reads or writes give the same plan in either
order. The ids that they make are not among it: where both planners made areas, ``rebase`` numbers the later ones anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from gridgeo.model.edits import Edit, Lock, Merge, Recode, Rename, Reparent, Split
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan

from .draft_edits import make_edit
from .draft_rules import REDRAWN
from .draft_sheet import Sheet, Step

SHOWN = 3
"""Things named in the message of a conflict."""
_FIELDS = ("name", "code", "kind", "parent_id")


@dataclass(frozen=True)
class Reach:
    """What an edit reads and writes, each as ``word:id``.

    Parameters
    ----------
    writes, reads : frozenset of str
        ``atom:``, ``name:``, ``code_of:``, ``parent_id:``, ``exists:``, ``lock:`` with an id, ``code:`` with a code.
    made : frozenset of str
        Ids of the areas that it made.
    """

    writes: frozenset[str]
    reads: frozenset[str]
    made: frozenset[str] = frozenset()

    @property
    def atom_ids(self) -> frozenset[str]:
        """Name the atoms that it touches."""
        return frozenset(word.removeprefix("atom:") for word in self.writes if word.startswith("atom:"))

    def shared(self, other: Reach) -> frozenset[str]:
        """Name what stands between two edits; empty where they commute."""
        return (self.writes & (other.writes | other.reads)) | (self.reads & other.writes)


@dataclass(frozen=True)
class Conflict:
    """Two edits that do not commute.

    Parameters
    ----------
    ours, theirs : Edit
    things : tuple of str
        What both touch, as in ``Reach``, in order.
    """

    ours: Edit
    theirs: Edit
    things: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.things) - SHOWN} more" if len(self.things) > SHOWN else ""
        return f"both touch {', '.join(self.things[:SHOWN])}{more}; reload the plan and make your edit again"


@dataclass(frozen=True)
class Rebased:
    """Edits put after those of another planner.

    Parameters
    ----------
    edits : tuple of Edit
        Ours, with ids that do not clash with theirs; empty where there is a conflict.
    theirs : tuple of Edit
        With the ids that they made.
    conflicts : tuple of Conflict
        Empty where all is well: then either order gives the same plan.
    """

    edits: tuple[Edit, ...]
    theirs: tuple[Edit, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Tell whether there is no conflict."""
        return not self.conflicts


def rebase(plan: Plan, ours: Iterable[Edit], theirs: Iterable[Edit], *, used_ids: Iterable[str] = ()) -> Rebased:
    """Put our edits after theirs, where both were made on the same plan.

    Parameters
    ----------
    plan : Plan
        On which both began.
    ours, theirs : iterable of Edit
        As ``Draft.edits`` gives them.
    used_ids : iterable of str
        As for ``Draft``.

    Returns
    -------
    Rebased
        ``edits`` to make after theirs, or ``conflicts``. Where there is none, ``apply_edits`` of theirs and then ours
        gives the same plan as ours and then theirs.

    Raises
    ------
    EditError
        If an edit is refused on the plan itself.
    """
    ours, theirs, used = tuple(ours), tuple(theirs), tuple(used_ids)
    their_edits, their_reach = _run(Sheet(plan, used), theirs)
    taken = frozenset[str]().union(*(reach.made for reach in their_reach))
    sheet = Sheet(plan, used)
    our_edits, our_reach = _run(sheet, ours)
    made = frozenset[str]().union(*(reach.made for reach in our_reach))
    if made & taken:
        our_edits, our_reach = _run_anew(Sheet(plan, (*used, *taken)), our_edits)
    found = [
        Conflict(edit, other, tuple(sorted(shared)))
        for edit, reach in zip(our_edits, our_reach, strict=True)
        for other, their in zip(their_edits, their_reach, strict=True)
        if (shared := reach.shared(their))
    ]
    return Rebased(() if found else tuple(our_edits), tuple(their_edits), tuple(found))


def edits_conflict(first: Edit, second: Edit, plan: Plan) -> tuple[str, ...]:
    """Name what two edits of one plan both touch; empty where they can be made in either order.

    Parameters
    ----------
    first, second : Edit
        Each fit for the plan by itself.
    plan : Plan

    Returns
    -------
    tuple of str
        As in ``Reach``, in order.

    Raises
    ------
    EditError
        If one of them is refused.
    """
    return tuple(thing for each in rebase(plan, [second], [first]).conflicts for thing in each.things)


def atoms_of(edit: Edit, plan: Plan) -> frozenset[str]:
    """Name the atoms that an edit touches: all atoms of the areas that it redraws, and those that it locks or keeps.

    Parameters
    ----------
    edit : Edit
    plan : Plan

    Returns
    -------
    frozenset of str

    Raises
    ------
    EditError
        If the edit is refused.
    """
    return _run(Sheet(plan), [edit])[1][0].atom_ids


def _run(sheet: Sheet, edits: Sequence[Edit]) -> tuple[list[Edit], list[Reach]]:
    made, reach = [], []
    for edit in edits:
        done, steps = make_edit(sheet, edit)
        made.append(done)
        reach.append(reach_of(sheet, done, steps))
    return made, reach


def _run_anew(sheet: Sheet, edits: Sequence[Edit]) -> tuple[list[Edit], list[Reach]]:
    """Make edits again with other ids for the areas that they make; later edits follow the new ids."""
    names: dict[str, str] = {}
    done: list[Edit] = []
    reaches: list[Reach] = []
    for edit in edits:
        was = _made_by(edit)
        made, reach = _run(sheet, [_without_ids(_renamed(edit, names))])
        names |= dict(zip(was, _made_by(made[0]), strict=True))
        done += made
        reaches += reach
    return done, reaches


def _made_by(edit: Edit) -> tuple[str, ...]:
    if isinstance(edit, Merge):
        return (edit.new_id,) if edit.new_id else ()
    return (edit.new_ids or ()) if isinstance(edit, Split) else ()


def _without_ids(edit: Edit) -> Edit:
    if isinstance(edit, Merge):
        return replace(edit, new_id=None)
    return replace(edit, new_ids=None) if isinstance(edit, Split) else edit


def _renamed(edit: Edit, names: dict[str, str]) -> Edit:
    """Let an edit speak of areas by their new ids."""
    if not names:
        return edit
    changes: dict[str, object] = {}
    for field in fields(edit):
        value = getattr(edit, field.name)
        if field.name == "area_id":
            changes[field.name] = _new_name(value, names)
        elif field.name == "area_ids":
            changes[field.name] = tuple(_new_name(each, names) for each in value)
    return replace(edit, **changes) if changes else edit  # type: ignore[arg-type]


def _new_name(area_id: str, names: dict[str, str]) -> str:
    """Give the new id of an area, or of a micro grid that was numbered behind it."""
    for cut in range(len(area_id), 0, -1):
        head, tail = area_id[:cut], area_id[cut:]
        if head in names and (not tail or tail.startswith("-")):
            return names[head] + tail
    return area_id


def reach_of(sheet: Sheet, edit: Edit, steps: tuple[Step, ...]) -> Reach:
    """Read off what an edit touched.

    Parameters
    ----------
    sheet : Sheet
        As the edit left it.
    edit : Edit
    steps : tuple of Step

    Returns
    -------
    Reach
    """
    writes: set[str] = set()
    reads: set[str] = set()
    made: set[str] = set()
    for step in steps:
        if step.store == "members":
            level, area_id = step.key
            reads |= {f"lock:{area_id}", f"parent_id:{area_id}"}
            if level in REDRAWN:
                writes |= _atoms(sheet, step)
        elif step.store == "rows":
            _note_row(step, writes, reads, made)
        elif step.store == "codes":
            writes.add(f"code:{step.key}")
        elif step.store == "locked_areas":
            writes.add(f"lock:{step.key}")
        elif step.store in ("locked_atoms", "together"):
            writes.add(f"atom:{step.key}")
    reads |= _asked(edit)
    reads |= {f"lock:{name}" for name in _micro_grids(sheet, writes)}
    own = {f"{word}:{name}" for name in made for word in (*_WORDS, "exists", "lock")}
    return Reach(frozenset(writes - own), frozenset(reads - own), frozenset(made))


_WORDS = ("name", "code_of", "kind", "parent_id")


def _note_row(step: Step, writes: set[str], reads: set[str], made: set[str]) -> None:
    """Note which fields of an area's row changed; a new one was named after its parent."""
    old, new = step.old, step.new
    for word, field in zip(_WORDS, _FIELDS, strict=True):
        if old is None or new is None or old[field] != new[field]:
            writes.add(f"{word}:{step.key}")
    if old is None or new is None:
        writes.add(f"exists:{step.key}")
    if old is None and new["level"] != Level.COMMUNITY:
        made.add(step.key)
        reads |= {f"name:{new['parent_id']}", f"code_of:{new['parent_id']}"}
    elif old is not None and new is not None and new["level"] == Level.GRID and old["parent_id"] != new["parent_id"]:
        # Two planners may each take some grids out of a community, and both together its last one.
        writes.add(f"exists:{old['parent_id']}")


def _asked(edit: Edit) -> set[str]:
    """Name the areas that must be there for an edit that changes none of their atoms."""
    if isinstance(edit, Rename | Recode):
        return {f"exists:{edit.area_id}"}
    if isinstance(edit, Lock):
        return {f"exists:{area_id}" for area_id in edit.area_ids}
    return {f"exists:{edit.community_id}"} if isinstance(edit, Reparent) else set()


def _atoms(sheet: Sheet, step: Step) -> set[str]:
    held = [each for each in (step.old, step.new) if each is not None]
    return {f"atom:{name}" for each in held for name in sheet.atom_ids[each].tolist()}


def _micro_grids(sheet: Sheet, writes: set[str]) -> set[str]:
    """Name the micro grids of the atoms touched: whether they are locked decides where a piece goes."""
    if Level.MICRO not in sheet.owner:
        return set()
    places = [sheet.position[word.removeprefix("atom:")] for word in writes if word.startswith("atom:")]
    return set(sheet.owner[Level.MICRO][places].tolist())
