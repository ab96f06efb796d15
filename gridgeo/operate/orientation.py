"""Tell on which side of a line a point lies, exactly, for many lines and points at once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

UNIT_ROUNDOFF = 2.0**-53
ERROR_SHARE = (3.0 + 16.0 * UNIT_ROUNDOFF) * UNIT_ROUNDOFF
"""A determinant larger than this share of the sum of its two products has the right sign ..."""
LEAST_SIDE = 2.0**-960
"""... if it is larger than this, too: below it products lose digits to underflow."""
_SPLITTER = 2.0**27 + 1.0


def orientation(ax: Floats, ay: Floats, bx: Floats, by: Floats, px: Floats, py: Floats) -> NDArray[np.int8]:
    """Give the exact sign of the area of triangles a, b, p.

    Parameters
    ----------
    ax, ay, bx, by : arrays of float
        Lines from a to b.
    px, py : arrays of float
        Points, one a line.

    Returns
    -------
    array of int8
        1 where p lies left of the line (above a line that runs east), -1 right of it, 0 on it.

    References
    ----------
    Shewchuk 1997, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates.
    """
    dx, dy, rx, ry = bx - ax, by - ay, px - ax, py - ay
    left, right = dx * ry, dy * rx
    determinant = left - right
    signs = np.sign(determinant).astype(np.int8)
    unsure = np.flatnonzero(~(np.abs(determinant) > ERROR_SHARE * (np.abs(left) + np.abs(right)) + LEAST_SIDE))
    if unsure.size:
        chosen = [part[unsure] for part in (ax, ay, bx, by, px, py)]
        signs[unsure] = _careful_orientation(*chosen)
    return signs


def _careful_orientation(ax: Floats, ay: Floats, bx: Floats, by: Floats, px: Floats, py: Floats) -> NDArray[np.int8]:
    """Give the sign where the float filter fails: by exact products, else by rational numbers."""
    differences = [(bx, ax), (py, ay), (by, ay), (px, ax)]
    (dx, dx_rest), (ry, ry_rest), (dy, dy_rest), (rx, rx_rest) = (_subtract(u, v) for u, v in differences)
    left, left_rest = _multiply(dx, ry)
    right, right_rest = _multiply(dy, rx)
    # Rounding keeps the order: where the rounded products differ the exact ones differ the same way.
    signs = np.where(left != right, np.sign(left - right), np.sign(left_rest - right_rest)).astype(np.int8)
    inexact = (dx_rest != 0) | (ry_rest != 0) | (dy_rest != 0) | (rx_rest != 0)
    inexact |= _may_underflow(left, dx, ry) | _may_underflow(right, dy, rx)
    for at in np.flatnonzero(inexact):
        a_x, a_y, b_x, b_y, p_x, p_y = (Fraction(float(part[at])) for part in (ax, ay, bx, by, px, py))
        exact = (b_x - a_x) * (p_y - a_y) - (b_y - a_y) * (p_x - a_x)
        signs[at] = (exact > 0) - (exact < 0)
    return signs


def _subtract(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Give u - v as a rounded difference and the exact rest."""
    difference = u - v
    v_seen = u - difference
    return difference, (u - (difference + v_seen)) + (v_seen - v)


def _multiply(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Give u * v as a rounded product and the exact rest (Dekker)."""
    product = u * v
    u_high, v_high = _high_half(u), _high_half(v)
    u_low, v_low = u - u_high, v - v_high
    rest = ((u_high * v_high - product) + u_high * v_low + u_low * v_high) + u_low * v_low
    return product, rest


def _high_half(u: Floats) -> Floats:
    scaled = _SPLITTER * u
    return scaled - (scaled - u)


def _may_underflow(product: Floats, u: Floats, v: Floats) -> NDArray[np.bool_]:
    """Tell where a product is so small, but not truly zero, that its exact rest may be lost."""
    return (np.abs(product) < 2.0**-900) & (u != 0) & (v != 0)
