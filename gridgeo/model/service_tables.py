"""Declare the tables of the daily service: routes, overrides, positions, visits and the log of incidents."""

from __future__ import annotations

from .columns import count, moment, number, schema, text
from .tables import Table

SUBJECTS = ("household", "asset", "address")

ROUTES = Table(
    "routes",
    "route_id",
    schema(
        category=text(),
        group=text(required=False),
        area_id=text(required=False),
        unit=text(),
        roles=text(required=False),
        valid_from=moment(required=False),
        valid_to=moment(required=False),
    ),
)
"""Which unit answers for a category in an area. ``category``: a code, or ``*`` for all that no other row names;
``area_id``: an area of any level and all below it, missing for everywhere; ``roles``: the officers' roles that may be
sent, parted by blanks, missing for all."""

OVERRIDES = Table(
    "overrides",
    "override_id",
    schema(
        subject=text(isin=SUBJECTS),
        subject_id=text(),
        host_area_id=text(),
        origin_area_id=text(required=False),
        reason=text(required=False),
        valid_from=moment(required=False),
        valid_to=moment(required=False),
    ),
)
"""Households, assets and addresses that belong elsewhere than where they lie. ``host_area_id``: the area in which the
subject is now; ``origin_area_id``: the area that leads, where that is another."""

INCIDENT_LOG = Table(
    "incident_log",
    "",
    schema(
        incident_id=text(),
        status=text(),
        at=moment(),
        actor=text(required=False),
        note=text(required=False),
    ),
)
"""What happened to incidents, in the order in which it was written; rows are added and never changed."""

POSITIONS = Table(
    "positions",
    "officer_id",
    schema(at=moment(), accuracy_m=number(), on_duty=count(required=False, high=1)),
    "point",
)
"""Where officers on duty were last: one row an officer."""

VISITS = Table(
    "visits",
    "",
    schema(subject_id=text(), at=moment(), officer_id=text(required=False)),
)
"""Visits that were made: to a household row, a firm or an institution, by its id."""
