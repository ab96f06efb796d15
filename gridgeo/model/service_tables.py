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
"""Which unit answers for a category in an area. ``category``: a code, or ``*`` for all that no other row in force names
there; ``area_id``: an area of any level and all below it, the nearest row counts, missing for everywhere; ``roles``:
the officers' roles that may be sent, parted by blanks, missing for all."""

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

STATUSES = ("reported", "accepted", "rejected", "dispatched", "handled", "verified", "closed", "evaluated")
"""What an incident can be. The way of one that goes well leaves out ``rejected``."""
VERDICTS = ("satisfied", "basically_satisfied", "dissatisfied")
"""What who reported an incident says of its end: 满意, 基本满意, 不满意."""

INCIDENT_LOG = Table(
    "incident_log",
    "",
    schema(
        incident_id=text(),
        status=text(isin=STATUSES),
        at=moment(),
        actor=text(required=False),
        note=text(required=False),
        level=text(required=False),
        stage=text(required=False),
        verdict=text(required=False, isin=VERDICTS),
    ),
)
"""What happened to incidents, in the order in which it was written; rows are added and never changed. ``status``: what
the incident is from then on; ``level``: who has it from then on (community, street, district), missing for as before;
``stage``: the rule's own name of what was done; ``verdict``: of who reported it. An incident is ``reported`` by being
in table ``INCIDENTS``: a row that says so may be left out."""

POSITIONS = Table(
    "positions",
    "officer_id",
    schema(at=moment(), accuracy_m=number(), on_duty=count(required=False, high=1)),
    "point",
)
"""Where officers on duty were last: one row an officer."""

TRACK_POINTS = Table(
    "track_points",
    "",
    schema(officer_id=text(), at=moment(), accuracy_m=number(), on_duty=count(required=False, high=1)),
    "point",
)
"""Where officers on duty have been: many rows an officer, in any order."""

VISITS = Table(
    "visits",
    "",
    schema(subject_id=text(), at=moment(), officer_id=text(required=False)),
)
"""Visits that were made: to a household row, a firm or an institution, by its id."""

VISIT_SUBJECTS = Table(
    "visit_subjects",
    "subject_id",
    schema(
        kind=text(),
        groups=text(required=False),
        area_id=text(required=False),
        since=moment(required=False),
        until=moment(required=False),
    ),
)
"""What is to be visited: households, firms, villages, grids, without names. ``groups``: those a rule may ask for,
parted by blanks; ``since`` and ``until``: the first day on which it is there, and the first on which it is no more."""
