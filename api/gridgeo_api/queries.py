"""Read query strings strictly: known names, each once, numbers finite and in range, axes in order.

A route declares its parameters as a ``Query`` model. The model is read straight from the query string, because a
look-up must stay cheap, and describes itself to the OpenAPI document.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gridgeo_api.errors import MEDIA_TYPE, RequestError, faults

LON_LIMIT, LAT_LIMIT = 180.0, 90.0
DEEPEST_ZOOM = 22


def _as_number(text: Any) -> Any:
    """Read a plain decimal number; ``nan``, ``inf``, ``0x10`` and ``1_000`` are none."""
    if isinstance(text, str) and not set(text) <= set("0123456789+-.eE"):
        raise ValueError(f"{text[:40]!r} is not a number")
    return text


def _as_day(text: Any) -> Any:
    """Read a day in the form 2026-10-01 and no other."""
    if isinstance(text, str) and (len(text) != len("2026-10-01") or text[4::3] != "--"):
        raise ValueError(f"{text[:40]!r} is not a day; write it like 2026-10-01")
    return text


def _as_moment(text: Any) -> Any:
    """Read a day or an instant, and no count of seconds; a plus sign that the address turned into a space is one."""
    if not isinstance(text, str):
        return text
    if text[4:5] + text[7:8] != "--":
        raise ValueError(f"{text[:40]!r} is no day or instant; write it like 2026-10-01 or 2026-10-01T08:00:00+08:00")
    return text.replace(" ", "+")


Number = Annotated[float, BeforeValidator(_as_number), Field(allow_inf_nan=False)]
Day = Annotated[date, BeforeValidator(_as_day)]
PlanLevel = Literal["community", "grid", "micro", "beat"]
_LON_RANGE: dict[str, Any] = {"minimum": -LON_LIMIT, "maximum": LON_LIMIT}
_LAT_RANGE: dict[str, Any] = {"minimum": -LAT_LIMIT, "maximum": LAT_LIMIT}
# The ranges stand in the description only: check_place says more than "too large".
Lon = Annotated[
    Number, Field(description="longitude in degrees, CRS84", examples=[114.3], json_schema_extra=_LON_RANGE)
]
Lat = Annotated[Number, Field(description="latitude in degrees, CRS84", examples=[30.5], json_schema_extra=_LAT_RANGE)]
Moment = Annotated[AwareDatetime | Day, BeforeValidator(_as_moment)]
On = Annotated[Day | None, Field(description="the day to answer for; without it today")]


def check_place(lon: float, lat: float, where: str = "") -> None:
    """Refuse a place that is not on the globe, and say so when its axes are swapped.

    Parameters
    ----------
    lon, lat : float, degrees
    where : str
        What to call the place in the message.

    Raises
    ------
    ValueError
    """
    if abs(lon) <= LON_LIMIT and abs(lat) <= LAT_LIMIT:
        return
    place = f"{where}lon={lon:g}, lat={lat:g}"
    if abs(lon) <= LAT_LIMIT < abs(lat) <= LON_LIMIT:
        raise ValueError(f"{place} is not on the globe; the axes are swapped, write lon={lat:g}, lat={lon:g}")
    raise ValueError(f"{place} is not on the globe; lon runs from -180 to 180, lat from -90 to 90")


class Query(BaseModel):
    """Parameters of one route; a name that is not declared is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Query):
    """Take no parameters at all."""


class Place(Query):
    """Name a point by longitude and latitude."""

    lon: Lon
    lat: Lat

    @model_validator(mode="after")
    def _on_the_globe(self) -> Self:
        check_place(self.lon, self.lat)
        return self


class OnDay(Query):
    """Name a day."""

    at: On = None


class LocateQuery(Place):
    """Ask which area holds a point."""

    at: On = None
    level: PlanLevel = "grid"


def _as_bbox(text: Any) -> Any:
    """Read ``west,south,east,north``."""
    if not isinstance(text, str):
        return text
    parts = text.split(",")
    if len(parts) != 4:
        raise ValueError("is not west,south,east,north: four numbers with commas between them")
    return tuple(_as_number(part.strip()) for part in parts)


Bbox = Annotated[
    tuple[Number, Number, Number, Number],
    BeforeValidator(_as_bbox, json_schema_input_type=str),
    Field(description="west,south,east,north in degrees", examples=["114.29,30.49,114.31,30.51"]),
]


class AreasQuery(Query):
    """Choose areas to list."""

    level: PlanLevel = "grid"
    at: On = None
    bbox: Bbox | None = None
    shape: Annotated[Literal["area", "point"], Field(description="draw polygons, or a point inside each")] = "area"
    limit: Annotated[int, Field(ge=1, description="most areas in one answer")] = 1_000
    offset: Annotated[int, Field(ge=0, le=10_000_000, description="how many areas to leave out before the first")] = 0

    @model_validator(mode="after")
    def _box_on_the_globe(self) -> Self:
        if self.bbox is not None:
            west, south, east, north = self.bbox
            check_place(west, south, "bbox: ")
            check_place(east, north, "bbox: ")
            if south > north:
                raise ValueError(f"bbox: south {south:g} is above north {north:g}")
        return self


class SearchQuery(Query):
    """Take what a caller typed as an address."""

    q: Annotated[str, Field(min_length=1, max_length=200, description="an address, or its beginning")]
    limit: Annotated[int, Field(ge=1, le=20)] = 5
    autocomplete: Annotated[bool, Field(description="also suggest how the text may go on")] = False
    at: On = None
    level: PlanLevel = "grid"


class HeatQuery(Query):
    """Choose incidents to draw."""

    since: Annotated[Moment | None, Field(description="first instant or day")] = None
    until: Annotated[Moment | None, Field(description="instant or day before which to stop")] = None
    category: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    v: Annotated[str | None, Field(max_length=80, description="version of the store; lets a browser keep the tile")] = (
        None
    )


class TileQuery(Query):
    """Choose the day whose plan a tile is drawn from."""

    at: On = None
    v: Annotated[str | None, Field(max_length=80, description="version of the store; lets a browser keep the tile")] = (
        None
    )


Model = TypeVar("Model", bound=Query)


def read_query(request: Request, model: type[Model]) -> Model:
    """Read the query string of a request.

    Parameters
    ----------
    request : Request
    model : type of Query
        The route's parameters.

    Returns
    -------
    Query

    Raises
    ------
    RequestError
        If a name is unknown or stands twice, or a value breaks its limits.
    """
    items = request.query_params.multi_items()
    values = dict(items)
    if len(values) < len(items):
        names = [name for name, _ in items]
        twice = next(name for name in values if names.count(name) > 1)
        fault = {"pointer": f"/{twice}", "detail": "stands more than once"}
        raise RequestError(f"parameter {twice[:40]!r} stands more than once; give it once", [fault])
    for name in values:
        if name not in model.model_fields:
            known = ", ".join(model.model_fields) or "none"
            fault = {"pointer": f"/{name[:40]}", "detail": "is not known here"}
            raise RequestError(f"parameter {name[:40]!r} is not known here; known are {known}", [fault])
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestError(_in_one_line(error), faults(error)) from None


def _in_one_line(error: ValidationError) -> str:
    """Say the first fault, with the way out."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return f"parameter {name!r} is missing"
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{name}: {said}" if name else said


def described(model: type[Query], **answers: Any) -> dict[str, Any]:
    """Describe a route's parameters to the OpenAPI document.

    Parameters
    ----------
    model : type of Query
    **answers : Any
        More keys of the operation.

    Returns
    -------
    dict
        For ``openapi_extra``.
    """
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    parameters = []
    for name, field in schema.get("properties", {}).items():
        inline = _inline(field, definitions)
        entry = {"name": name, "in": "query", "required": name in required, "schema": inline}
        if text := inline.pop("description", None):
            entry["description"] = text
        parameters.append(entry)
    return {"parameters": parameters, **answers}


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    """Write references out, so that a parameter stands by itself."""
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    merged = dict(schema)
    if reference := merged.pop("$ref", None):
        merged = {**definitions[reference.rsplit("/", 1)[-1]], **merged}
    return {key: _inline(value, definitions) for key, value in merged.items() if key != "title"}


PROBLEM: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
"""A problem document as an answer of an operation."""
