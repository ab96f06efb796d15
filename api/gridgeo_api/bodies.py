"""Read request bodies: bounded, strict, every number finite and on the globe."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gridgeo_api.errors import BodyTooLargeError, RequestError, faults
from gridgeo_api.queries import LAT_LIMIT, LON_LIMIT, Day, PlanLevel, check_place

_Lon = Annotated[float, Field(allow_inf_nan=False, strict=True, json_schema_extra={"minimum": -180, "maximum": 180})]
_Lat = Annotated[float, Field(allow_inf_nan=False, strict=True, json_schema_extra={"minimum": -90, "maximum": 90})]


class LocateBody(BaseModel):
    """Points to locate, in one go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: Annotated[list[tuple[_Lon, _Lat]], Field(min_length=1, description="[longitude, latitude] of each point")]
    level: PlanLevel = "grid"
    at: Day | None = None


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read a body up to a limit, and no further.

    Parameters
    ----------
    request : Request
    limit_bytes : int, bytes

    Returns
    -------
    bytes

    Raises
    ------
    BodyTooLargeError
        If it is longer; what was announced counts as well as what comes.
    RequestError
        If it is not JSON by its content type.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError(f"the body is {kind[:60]!r}; send application/json")
    too_large = BodyTooLargeError(f"the body is larger than {limit_bytes:,} bytes; send it in several requests")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise too_large
    held = bytearray()
    async for part in request.stream():
        held += part
        if len(held) > limit_bytes:
            raise too_large
    return bytes(held)


def read_locate_body(body: bytes, most_points: int) -> LocateBody:
    """Read a batch of points.

    Parameters
    ----------
    body : bytes
        JSON.
    most_points : int
        Largest batch.

    Returns
    -------
    LocateBody

    Raises
    ------
    RequestError
        Naming the first point at fault.
    """
    try:
        read = LocateBody.model_validate_json(body)
    except ValidationError as error:
        listed = faults(error)
        raise RequestError(f"{listed[0]['pointer']}: {listed[0]['detail']}", listed) from None
    if len(read.points) > most_points:
        raise RequestError(f"{len(read.points):,} points are more than {most_points:,}; send them in several requests")
    return read


def as_columns(points: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Turn points into two columns.

    Parameters
    ----------
    points : list of (lon, lat), degrees

    Returns
    -------
    tuple of array of float
        Longitudes and latitudes.

    Raises
    ------
    RequestError
        If one is not on the globe; it says which, and whether its axes are swapped.
    """
    places = np.array(points, dtype=float)
    outside = (np.abs(places[:, 0]) > LON_LIMIT) | (np.abs(places[:, 1]) > LAT_LIMIT)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        try:
            check_place(float(places[row, 0]), float(places[row, 1]), f"points[{row}]: ")
        except ValueError as error:
            raise RequestError(str(error), [{"pointer": f"/points/{row}", "detail": str(error)}]) from None
    return places[:, 0], places[:, 1]


def described_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """Describe a body to the OpenAPI document."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    for name, field in schema["properties"].items():
        reference = field.pop("$ref", None)
        if reference:
            schema["properties"][name] = {**definitions[reference.rsplit("/", 1)[-1]], **field}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
