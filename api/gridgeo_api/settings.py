"""Read the service's settings from the environment: ``GRIDGEO_STORE``, ``GRIDGEO_PORT`` ..."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def _as_url(store: str) -> str:
    """Let a store be named by the path of its file; refuse what is neither."""
    url = store if "://" in store else f"sqlite:///{store}"
    try:
        make_url(url)
    except ArgumentError:
        raise ValueError(
            "is no store address; write sqlite:///town.db, postgresql://... or the path of a file"
        ) from None
    return url


def _known_zone(name: str) -> str:
    """Refuse a time zone that this machine does not know."""
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone known here; write it like Asia/Shanghai") from None
    return name


class Settings(BaseSettings):
    """Everything an administrator may set.

    Each field is read from the environment variable of its name in capitals after ``GRIDGEO_``.

    Parameters
    ----------
    store : str
        Address of the plan store, such as ``sqlite:///town.db``; the path of the file will do.
    territory : str
        Whose plans are meant, where a store holds those of several territories.
    host, port : str, int
        Where ``gridgeo serve`` listens.
    title : str
        Name of the town on the page; without it the plan's own title is shown, if it has one.
    attribution : str
        Whose data the map shows, where a licence asks for it, such as "© OpenStreetMap contributors".
    timezone : str
        IANA name of the zone in which days begin and end; without it the machine's own.
    language : str
        Language of the page: ``"zh"``, ``"en"``, or ``"auto"`` for the reader's own.
    refresh_s : float, seconds
        How often the store is asked whether a newer plan was published.
    near_border_m : float, metres
        A point at most this far from another area's border is answered with its candidates.
    batch_points : int
        Most points one request may locate.
    body_bytes : int, bytes
        Largest request body.
    page_rows : int
        Most areas one answer may list.
    days_kept : int
        How many days' answers stay in memory.
    tiles_kept : int
        How many drawn tiles stay in memory.
    editing : bool
        Whether drafts are shown, edited and published over HTTP. Everybody who reaches the service may do so then.
    """

    model_config = SettingsConfigDict(env_prefix="GRIDGEO_", frozen=True, extra="ignore")

    store: Annotated[str, AfterValidator(_as_url)] = "sqlite:///town.db"
    territory: str = "main"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    title: str = ""
    attribution: str = ""
    timezone: Annotated[str, AfterValidator(_known_zone)] = ""
    language: Literal["auto", "zh", "en"] = "auto"
    refresh_s: Annotated[float, Field(gt=0, le=3600)] = 2.0
    near_border_m: Annotated[float, Field(ge=0, le=500)] = 10.0
    batch_points: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    body_bytes: Annotated[int, Field(ge=1_000)] = 2_000_000
    page_rows: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    days_kept: Annotated[int, Field(ge=1)] = 8
    tiles_kept: Annotated[int, Field(ge=0)] = 4_000
    editing: bool = False

    @property
    def store_file(self) -> Path | None:
        """Give the file that an embedded store lives in, or None for a database server."""
        url = make_url(self.store)
        if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
            return None
        return Path(url.database)

    @property
    def zone(self) -> tzinfo:
        """Give the time zone of the town."""
        own = datetime.now().astimezone().tzinfo
        assert own is not None
        return ZoneInfo(self.timezone) if self.timezone else own

    def today(self) -> date:
        """Give the day it is in the town."""
        return datetime.now(self.zone).date()

    @property
    def store_name(self) -> str:
        """Name the store without its password."""
        return make_url(self.store).render_as_string(hide_password=True)
