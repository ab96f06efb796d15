"""Draw a small town whose plan keeps its bands, and publish it for New Year: two communities, four grids of 400."""

from datetime import date

from drawn_plans import drawn_plan
from served_town import ATOMS, COMMUNITIES, addresses, duties, incidents, officers

from gridgeo.storage.store import open_store

NEW_YEAR, TODAY, OCTOBER = date(2026, 1, 1), date(2026, 9, 13), date(2026, 10, 1)
GRIDS = """
    11223344
    11223344
"""
TURNED = """
    11113344
    22223344
"""


def plan(grids=GRIDS, **fields):
    """Draw the town's plan: atoms a to p of 100 households, G1 and G2 in C1, G3 and G4 in C2, no micro grids."""
    return drawn_plan(ATOMS, community=COMMUNITIES, grid=grids, **fields)


def fill(store, grids=GRIDS):
    """Publish the plan for New Year, with officers, duties, addresses and past incidents."""
    tables = {"officers": officers(), "duties": duties(), "addresses": addresses(), "incidents": incidents()}
    store.publish(plan(grids), valid_from=NEW_YEAR, **tables)
    return store


def open_filled(place):
    """Open a store at a place and fill it."""
    return fill(open_store(place))
