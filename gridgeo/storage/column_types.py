"""Choose the types of columns whose values a database would otherwise change: shapes, and JSON.

Both travel as plain values, WKB and text; the same bytes come back from every database.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

write_json = json.JSONEncoder(ensure_ascii=False).encode


class Json(sa.types.TypeDecorator[Any]):
    """What JSON carries, kept as text: PostgreSQL's own type refuses an endless number, and ``jsonb`` sorts keys."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type."""
        return dialect.type_descriptor(_JsonText() if dialect.name == "postgresql" else sa.JSON())


class _JsonText(sa.types.TypeDecorator[Any]):
    """JSON in a column of text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Write the value."""
        return None if value is None else write_json(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """Read the value."""
        return None if value is None else json.loads(value)


class Shape(sa.types.TypeDecorator[Any]):
    """A geometry as WKB: bytes on SQLite, a PostGIS ``geometry`` on PostgreSQL.

    The column takes shapes of every kind and number of dimensions. It names no reference system: a store may hold
    territories in several, and some have no number in PostGIS's list; ``plans.crs`` and ``layouts`` name them in full.
    """

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.LargeBinary())
        from .postgis_shapes import WkbGeometry

        return dialect.type_descriptor(WkbGeometry(geometry_type=None, spatial_index=False))

    def bind_expression(self, bindvalue: Any) -> Any:
        """Read WKB where the database asks for it."""
        return _or(self.impl_instance.bind_expression(bindvalue), bindvalue)

    def column_expression(self, column: Any) -> Any:
        """Write WKB where the database is asked for it."""
        return _or(self.impl_instance.column_expression(column), column)


def _or(changed: Any, plain: Any) -> Any:
    return plain if changed is None else changed
