"""Hold every exception of gridgeo: what went wrong, in one line, with the way out.

    GridgeoError
    ├── TableError        (ValueError)   a row or column breaks its table's contract
    ├── CrsError          (ValueError)   coordinates that cannot be what they are said to be
    ├── ProfileError      (ValueError)   a profile that is missing, malformed or contradicts itself
    ├── EditError         (ValueError)   an edit that a plan cannot take
    ├── InfeasibleError   (ValueError)   arithmetic forbids it; carries the certificates
    ├── UnknownAreaError  (LookupError)  no such area, or none on that day
    ├── CancelledError    (RuntimeError) the caller ended the work before it was done
    ├── StalePlanError    (RuntimeError) the plan moved on since the caller read it
    └── StorageError      (OSError)      a file or database that cannot be read or written

Each class names the HTTP status it maps to, so that the service keeps no table of its own.
"""

from __future__ import annotations

import pandas as pd


class GridgeoError(Exception):
    """Base of all errors that gridgeo raises on purpose."""

    http_status = 500


class TableError(GridgeoError, ValueError):
    """A row or a column breaks the contract of its table."""

    http_status = 422


class CrsError(GridgeoError, ValueError):
    """Coordinates without a reference system, in feet, in degrees, or with swapped axes."""

    http_status = 422


class ProfileError(GridgeoError, ValueError):
    """A profile that is missing, malformed or contradicts itself."""

    http_status = 422


class EditError(GridgeoError, ValueError):
    """An edit that the plan cannot take."""

    http_status = 422


class InfeasibleError(GridgeoError, ValueError):
    """What was asked for is impossible; ``certificates`` says where and why.

    Parameters
    ----------
    message : str
        One line with the way out.
    certificates : DataFrame, optional
        Table ``CERTIFICATES``.
    """

    http_status = 422

    def __init__(self, message: str, certificates: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.certificates = certificates


class UnknownAreaError(GridgeoError, LookupError):
    """No area of that id, or none in force on that day."""

    http_status = 404


class CancelledError(GridgeoError, RuntimeError):
    """The caller ended the work before it was done; nothing of it is kept."""

    http_status = 409


class StalePlanError(GridgeoError, RuntimeError):
    """The plan has a newer revision than the one the caller read."""

    http_status = 409


class StorageError(GridgeoError, OSError):
    """A file or database that cannot be read or written."""

    http_status = 503
