"""Let planners open drafts of the plan, edit them together, compare and publish them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from gridgeo.model.errors import StalePlanError, UnknownAreaError
from gridgeo.planning.whatif import what_if
from gridgeo.planning.workbench import Workbench
from gridgeo_api import drafts
from gridgeo_api.bodies import described_body
from gridgeo_api.geojson import plain, to_json
from gridgeo_api.headers import ASK_FIRST, kept, unchanged
from gridgeo_api.queries import PROBLEM, NoQuery, described, read_query
from gridgeo_api.routes.common import JSON, answers, keeper_of, path_of, settings_of

router = APIRouter(tags=["drafts"])
PlanId = Annotated[str, Path(pattern="^(draft-)?[0-9]{1,9}$", description="draft-3, or the number of a version")]
_BY = "Li Min"
_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "the ETag of your last look at the draft; * puts the change after whatever colleagues wrote",
    "schema": {"type": "string"},
}
_CHANGES = (403, 409, 412, 413, 428)


@router.post(
    "/v1/plans",
    summary="Open a draft",
    status_code=201,
    openapi_extra=described_body(drafts.DraftBody, {"name": "October", "by": _BY}),
    response_class=Response,
    responses={
        201: {"description": "The draft; Location and ETag name it", "content": {JSON: {}}},
        **{status: {"description": words, **PROBLEM} for status, words in {
            403: "Editing is switched off", 404: "There is no such version, or no plan in force",
            413: "The body is too large", 422: "The body cannot be read", 503: "The store cannot be read now"}.items()},
    },
)  # fmt: skip
async def open_draft(request: Request) -> Response:
    """Open a draft of the plan in force today, or of another version."""
    _check_editing(request)
    read_query(request, NoQuery)
    body = await drafts.read_model(request, drafts.DraftBody, settings_of(request).body_bytes)

    def work() -> int:
        return keeper_of(request).store.open_draft(
            body.name, base=body.base, by=body.by, why=body.why, today=settings_of(request).today()
        )

    draft_id = await run_in_threadpool(work)
    return await _on_draft(request, f"draft-{draft_id}", drafts.describe_draft, 201)


@router.get(
    "/v1/plans/{plan_id}",
    summary="Describe a plan",
    openapi_extra=described(NoQuery),
    **answers(JSON, "The draft, or the version", 403),
)
async def describe_plan(request: Request, plan_id: PlanId) -> Response:
    """Describe a draft as it stands, with an ETag for changes; or a published version, and its days."""
    read_query(request, NoQuery)
    if not plan_id.startswith("draft-"):
        return Response(to_json(_version(request, int(plan_id))), media_type=JSON)
    _check_editing(request)
    return await _on_draft(request, plan_id, drafts.describe_draft)


@router.get(
    "/v1/plans/{plan_id}/edits",
    summary="List the edits of a draft",
    openapi_extra=described(NoQuery),
    **answers(JSON, "The edits that hold, and the journal", 403, 409),
)
async def list_edits(request: Request, plan_id: PlanId) -> Response:
    """List the edits that hold, in order, and the journal: who did what, when and why."""
    _check_editing(request)
    read_query(request, NoQuery)

    def tell(bench: Workbench) -> dict[str, Any]:
        journal = bench.journal()
        columns = ["actor", "action", "why", "version", "revision"]
        at = [moment.isoformat() for moment in journal["at"]]
        rows = [{"at": when, **row} for when, row in zip(at, drafts.rows_of(journal[columns]), strict=True)]
        return {"revision": bench.revision, "edits": list(bench.kept.edits), "journal": rows}

    return await _on_draft(request, plan_id, tell)


@router.post(
    "/v1/plans/{plan_id}/edits",
    summary="Edit a draft",
    openapi_extra={
        "parameters": [_MATCH],
        **described_body(
            drafts.EditsBody,
            {"edits": [{"edit": "move", "atom_ids": ["A0031"], "area_id": "C1-02"}], "by": _BY, "why": "new tower"},
        ),
    },
    **answers(JSON, "What each edit changed: counts and findings of the areas that it touched", *_CHANGES),
)
async def make_edits(request: Request, plan_id: PlanId) -> Response:
    """Make edits as one step: ``move, merge, split, rename, recode, lock, keep_together, reparent``; all, or none.

    An edit that breaks a hard rule is refused with the rule. The ETag of the answer is what the next change sends.
    """
    _check_editing(request)
    read_query(request, NoQuery)
    body = await drafts.read_model(request, drafts.EditsBody, settings_of(request).body_bytes)
    edits = drafts.edits_of(body)

    def work(bench: Workbench) -> dict[str, Any]:
        strict = drafts.check_match(request, bench)
        strokes = bench.apply_all(edits, by=body.by, why=body.why, strict=strict, force=body.force)
        return {"revision": bench.revision, "strokes": [drafts.describe_stroke(stroke) for stroke in strokes]}

    return await _on_draft(request, plan_id, work)


@router.delete(
    "/v1/plans/{plan_id}/edits/last",
    summary="Undo the last step",
    openapi_extra={"parameters": [*described(drafts.UndoQuery)["parameters"], _MATCH]},
    **answers(JSON, "What was taken back", *_CHANGES),
)
async def undo_edits(request: Request, plan_id: PlanId) -> Response:
    """Undo the last step of a draft that holds, whoever made it; undoing is a step of its own, and nothing is lost."""
    _check_editing(request)
    query = read_query(request, drafts.UndoQuery)

    def work(bench: Workbench) -> dict[str, Any]:
        drafts.check_match(request, bench)
        strokes = bench.undo(by=query.by, why=query.why)
        return {"revision": bench.revision, "strokes": [drafts.describe_stroke(stroke) for stroke in strokes]}

    return await _on_draft(request, plan_id, work)


@router.get(
    "/v1/plans/{plan_id}/diff",
    summary="Compare a draft with its base",
    openapi_extra=described(drafts.DiffQuery),
    **answers(JSON, "What differs", 403, 409),
)
async def compare_draft(request: Request, plan_id: PlanId) -> Response:
    """Tell which areas differ, how many households move where, and with ``days`` where past incidents would have gone.

    ``lineage`` holds the rows that lead from one area to another.
    """
    _check_editing(request)
    query = read_query(request, drafts.DiffQuery)
    keeper = keeper_of(request)
    settings = settings_of(request)

    def work(bench: Workbench) -> dict[str, Any]:
        if query.days is None:
            found, replayed = bench.compare(level=query.level), None
        else:
            told = what_if(keeper.store, bench.draft_id, days=query.days, today=settings.today(), level=query.level,
                           zone=settings.timezone or None)  # fmt: skip
            found, replayed = told.comparison, drafts.finite(told.replay.summary())
        changed = found.areas[found.areas["status"] != "same"]
        return {
            "revision": bench.revision,
            "base_version": bench.base_version,
            "summary": drafts.finite(found.summary()),
            "areas": drafts.rows_of(changed.reset_index()),
            "lineage": drafts.rows_of(found.moved),
            "officers": drafts.rows_of(found.officers.reset_index()) if len(found.officers) else [],
            "replay": replayed,
        }

    return await _on_draft(request, plan_id, work)


@router.post(
    "/v1/plans/{plan_id}/publish",
    summary="Publish a draft",
    openapi_extra={
        "parameters": [_MATCH],
        **described_body(drafts.PublishBody, {"valid_from": "2026-10-01", "by": _BY}),
    },
    **answers(JSON, "The version, and what was found", *_CHANGES),
)
async def publish_draft(request: Request, plan_id: PlanId) -> Response:
    """Put a draft in force from a day on, in one transaction, after audit and clauses were held against it.

    Errors refuse it, unless ``override_reason`` says why it is published all the same.
    """
    _check_editing(request)
    read_query(request, NoQuery)
    body = await drafts.read_model(request, drafts.PublishBody, settings_of(request).body_bytes)
    keeper = keeper_of(request)

    def work(bench: Workbench) -> dict[str, Any]:
        drafts.check_match(request, bench)
        terms = {"why": body.why, "override_reason": body.override_reason, "force": body.force, "dry_run": body.dry_run}
        made = bench.publish(valid_from=body.valid_from, by=body.by, today=settings_of(request).today(), **terms)
        return {**drafts.finite(made.summary()), **drafts.describe_findings(made.findings)}

    answer = await _on_draft(request, plan_id, work)
    if not body.dry_run:
        await run_in_threadpool(keeper.refresh)
    return answer


async def _on_draft(
    request: Request, plan_id: str, work: Callable[[Workbench], dict[str, Any]], status: int = 200
) -> Response:
    """Do a piece of work on a draft, in a thread, and answer with its ETag."""
    draft_id = _draft_id(plan_id)

    def run() -> Response:
        keeper = keeper_of(request)
        with request.app.state.desks.take(keeper.store, draft_id, keeper.settings.today()) as bench:
            looks = request.method == "GET" and not request.url.path.endswith("/diff")
            if looks and (same := unchanged(request, drafts.etag_of_draft(bench))):
                return same
            body = to_json(work(bench))
            headers = dict(kept(drafts.etag_of_draft(bench), ASK_FIRST))
            if status == 201:
                headers["Location"] = f"{path_of(request)}/v1/plans/{plan_id}"
            return Response(body, status, headers, JSON)

    return await run_in_threadpool(run)


def _draft_id(plan_id: str) -> int:
    if not plan_id.startswith("draft-"):
        raise StalePlanError(
            f"version {plan_id} is published and stays as it is; open a draft of it with POST /v1/plans"
        )
    return int(plan_id.removeprefix("draft-"))


def _version(request: Request, version: int) -> dict[str, Any]:
    """Describe a published version."""
    plans = keeper_of(request).live.plans
    if version not in plans.index:
        raise UnknownAreaError(f"there is no version {version}; /v1/plans lists those that there are")
    row = plans.loc[[version]].to_dict("records")[0]
    days = {name: plain(row[name]) for name in ("valid_from", "valid_to")}
    return {
        "version": version,
        **days,
        "state": str(row["state"]),
        "revision": int(row["revision"]),
        "published_at": row["published_at"].isoformat(),
        "profile": str(row["profile"]),
    }


def _check_editing(request: Request) -> None:
    """Refuse to show or change drafts where that is not switched on."""
    if not settings_of(request).editing:
        raise drafts.EditingOffError(
            "editing is switched off here: drafts are shown and changed only where the administrator sets "
            "GRIDGEO_EDITING=1, and everybody who reaches the service may edit then"
        )
