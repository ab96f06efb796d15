"""Keep the tiles that were drawn last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable


class TileBook:
    """Tiles by name, the least used given up first.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def give(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        """Give a tile, drawn now unless it is held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        tile = draw()
        with self._lock:
            self._held[key] = tile
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return tile

    def __len__(self) -> int:
        return len(self._held)
