"""Compile inner loops with numba where it is installed; ``GRIDGEO_NUMBA=0`` turns it off.

Whoever imports this module pays for importing numba: a module that compiles is itself imported late where a first
answer must be quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def _compile() -> Callable[[Any], Any]:
    """Return numba's compiler, or one that leaves functions as they are."""
    if os.environ.get("GRIDGEO_NUMBA", "1") != "0":
        try:
            from numba import njit
        except ImportError:
            pass
        else:
            return njit(cache=True)
    return lambda function: function


compiled = _compile()


def compiled_or(plain: Callable[..., Any]) -> Callable[[Any], Any]:
    """Compile a function, or take its plain namesake where there is no compiler.

    Parameters
    ----------
    plain : callable
        Takes the same arguments and gives the same answers without a compiler.

    Returns
    -------
    callable
        A decorator.
    """

    def choose(function: Any) -> Any:
        made = compiled(function)
        return plain if made is function else made

    return choose
