"""Make one file of a page: vendored scripts and styles inside, no other host asked for anything."""

from __future__ import annotations

import json
import os
import re
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from gridgeo.storage.export import replacing


class Page:
    """A finished HTML document.

    Parameters
    ----------
    document : str
        The whole document.
    height_px : int, pixels
        Its height in a notebook.
    """

    def __init__(self, document: str, height_px: int = 640) -> None:
        self._document = document
        self._height_px = height_px

    def html(self) -> str:
        """Return the document as text."""
        return self._document

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the document to a file: either whole, or not at all.

        Parameters
        ----------
        path : path
            The file; an earlier one of that name is replaced.

        Returns
        -------
        Path
            The file written.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        return write_whole(path, self._document.encode("utf-8"))

    def _repr_html_(self) -> str:
        """Show the document in a notebook."""
        style = f"width:100%;height:{self._height_px}px;border:1px solid #e2e0da;border-radius:8px"
        return f'<iframe srcdoc="{escape(self._document)}" style="{style}" title="gridgeo"></iframe>'


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that no half-written one is ever seen.

    Raises
    ------
    StorageError
        Naming the file and the reason; nothing is left behind, and an earlier file of that name stays.
    """
    with replacing(Path(path)) as draft:
        draft.write_bytes(content)
    return Path(path)


def asset(name: str) -> str:
    """Read a text file that gridgeo ships for its pages, such as ``"map/map.css"``."""
    return resources.files(__package__).joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def style_tag(*names: str) -> str:
    """Put style sheets into the page.

    Pictures that a vendored sheet refers to are dropped: the pages use none of them.
    """
    text = "\n".join(asset(name) for name in names)
    return "<style>\n" + re.sub(r"url\([^)]*\)", "none", text) + "\n</style>"


def script_tag(*names: str) -> str:
    """Put scripts into the page; the link to a vendored script's source map is dropped."""
    text = "\n".join(asset(name) for name in names)
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    return "<script>\n" + text.replace("</script", "<\\/script") + "\n</script>"


def data_tag(name: str, data: Any) -> str:
    """Put data into the page as JSON that no text in it can break out of."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/json" id="{name}">{text}</script>'


def policy_tag(*, scripts: bool) -> str:
    """Forbid the page to load anything from anywhere; what it needs is inside."""
    script = " script-src 'unsafe-inline';" if scripts else ""
    policy = f"default-src 'none';{script} style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
