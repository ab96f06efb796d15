"""Read what planners ask of drafts, and write what is said of them."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import geopandas as gpd
import pandas as pd
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gridgeo.design.draft_strokes import Stroke
from gridgeo.model.edits import Edit, read_edit, write_edit
from gridgeo.model.errors import EditError
from gridgeo.planning.workbench import Workbench
from gridgeo_api.bodies import read_body
from gridgeo_api.errors import RequestError, faults
from gridgeo_api.geojson import plain
from gridgeo_api.queries import Day, PlanLevel, Query

MOST_EDITS = 1_000
MOST_FINDINGS = 200

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
By = Annotated[Line, Field(description="who does it; kept in the journal")]
Why = Annotated[Text | None, Field(description="why; kept in the journal")]


class EditingOffError(RequestError):
    """A request that would write, where writing is not switched on."""

    http_status = 403


class PreconditionMissingError(RequestError):
    """A change that does not say which revision it was made on."""

    http_status = 428


class PreconditionFailedError(RequestError):
    """A change that was made on another revision than the newest."""

    http_status = 412


class Body(BaseModel):
    """A request body; a key that is not declared is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DraftBody(Body):
    """Open a draft."""

    name: Annotated[Line, Field(description="what colleagues know it by")]
    by: By
    base: Annotated[
        int | None, Field(strict=True, ge=1, le=2**31 - 1, description="version to start from; else today's")
    ] = None
    why: Why = None


class EditsBody(Body):
    """Make edits, as one step: all of them, or none."""

    edits: Annotated[
        list[dict[str, Any]],
        Field(min_length=1, max_length=MOST_EDITS, description="records: edit and the keys of that edit"),
    ]
    by: By
    why: Why = None
    force: Annotated[bool, Field(strict=True, description="go on although the base is in force no longer")] = False


class PublishBody(Body):
    """Put a draft in force from a day on."""

    valid_from: Annotated[Day, Field(description="first day on which it is in force")]
    by: By
    why: Why = None
    override_reason: Annotated[Text | None, Field(description="why it is published in spite of errors")] = None
    force: Annotated[bool, Field(strict=True, description="although its base is not in force on that day")] = False
    dry_run: Annotated[bool, Field(strict=True, description="judge only")] = False


class UndoQuery(Query):
    """Say who undoes."""

    by: By
    why: Why = None


class DiffQuery(Query):
    """Choose what is compared."""

    level: PlanLevel = "grid"
    days: Annotated[
        int | None, Field(ge=1, le=366, description="replay the incidents of so many days before today, too")
    ] = None


Model = TypeVar("Model", bound=Body)


async def read_model(request: Request, model: type[Model], limit_bytes: int) -> Model:
    """Read a body.

    Parameters
    ----------
    request : Request
    model : type of Body
    limit_bytes : int, bytes

    Returns
    -------
    Body

    Raises
    ------
    RequestError
        Naming the first key at fault.
    BodyTooLargeError
    """
    body = await read_body(request, limit_bytes)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        listed = faults(error)
        raise RequestError(f"{listed[0]['pointer']}: {listed[0]['detail']}", listed) from None


def edits_of(body: EditsBody) -> list[Edit]:
    """Read the edits of a body.

    Parameters
    ----------
    body : EditsBody

    Returns
    -------
    list of Edit

    Raises
    ------
    RequestError
        Naming the first at fault.
    """
    made = []
    for number, record in enumerate(body.edits):
        try:
            made.append(read_edit(record))
        except EditError as error:
            raise RequestError(str(error), [{"pointer": f"/edits/{number}", "detail": str(error)}]) from None
    return made


def etag_of_draft(bench: Workbench) -> str:
    """Name a state of a draft; it is what ``If-Match`` has to say."""
    return f'"draft-{bench.draft_id}-{bench.revision}"'


def check_match(request: Request, bench: Workbench) -> bool:
    """Hold the revision on which a change was made against the newest.

    Parameters
    ----------
    request : Request
    bench : Workbench
        In step with the store.

    Returns
    -------
    bool
        Whether a revision was named; ``If-Match: *`` leaves it to the rebase.

    Raises
    ------
    PreconditionMissingError, PreconditionFailedError
        Without the header, and where it names another revision.
    """
    held = request.headers.get("if-match")
    now = etag_of_draft(bench)
    if held is None:
        raise PreconditionMissingError(
            f"say which revision the change was made on: send If-Match with the ETag of your last look, now {now}"
        )
    if held.strip() == "*":
        return False
    # A proxy that compresses marks a tag as weak; the revision that it names is the same.
    if now not in (tag.strip().removeprefix("W/") for tag in held.split(",")):
        writers = bench.journal()["actor"].dropna()
        raise PreconditionFailedError(
            f"draft {bench.draft_id} {bench.name!r}: is at revision {bench.revision}, ETag {now}, your change was made "
            f"on {held[:60]}; {writers.iloc[-1]} wrote last; look at the draft and make it again"
        )
    return True


def describe_draft(bench: Workbench) -> dict[str, Any]:
    """Say what a draft is, and what it holds."""
    kept = bench.kept
    counts = {}
    for level in bench.base.levels:
        areas = bench.areas(level)
        counts[level] = {"areas": len(areas), "households": int(areas["households"].sum())}
    found = bench.findings()["severity"].value_counts()
    return {
        "id": f"draft-{bench.draft_id}",
        "name": bench.name,
        "state": bench.state,
        "base_version": bench.base_version,
        "is_base_retired": kept.is_base_retired,
        "revision": bench.revision,
        "edits": len(bench.edits),
        "undone": kept.undone,
        "opened_by": kept.opened_by,
        "opened_at": kept.opened_at.isoformat(),
        "published_version": kept.published_version,
        "levels": counts,
        "findings": {severity: int(found.get(severity, 0)) for severity in ("error", "warning", "note")},
    }


def describe_stroke(stroke: Stroke) -> dict[str, Any]:
    """Say what an edit changed."""
    return {
        "edit": write_edit(stroke.edit),
        "areas": rows_of(stroke.areas.reset_index()),
        "says": rows_of(stroke.says),
        **describe_findings(stroke.findings),
    }


def describe_findings(findings: gpd.GeoDataFrame) -> dict[str, Any]:
    """List findings without their shapes, the first ``MOST_FINDINGS`` of them."""
    listed = pd.DataFrame(findings.drop(columns=findings.geometry.name)).reset_index().head(MOST_FINDINGS)
    kept = [name for name in ("finding_id", "kind", "severity", "level", "clause", "area_ids", "value", "limit",
                              "quantity", "message") if name in listed]  # fmt: skip
    return {"findings": rows_of(listed[kept]), "findings_count": len(findings)}


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Write a table's rows as JSON has them; what is missing or no number is null."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    made = plain(value)
    return None if isinstance(made, float) and made in (float("inf"), float("-inf")) else made


def finite(summary: dict[str, Any]) -> dict[str, Any]:
    """Write a summary's numbers as JSON has them."""
    return {name: finite(value) if isinstance(value, dict) else _plain(value) for name, value in summary.items()}
