"""Translate command lines into calls of gridgeo, and its answers into tables, files and exit codes.

Exit codes: 0 done; 1 the input or the request is wrong (one line says what, and the way out); 2 the command line is
wrong; 3 an audit found what ``--fail-on`` names; 130 interrupted, nothing half-written.
"""

from .main import main

__all__ = ["main"]
