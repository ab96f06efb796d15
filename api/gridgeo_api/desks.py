"""Keep the drafts that planners work on open, each on a workbench of its own that one request at a time may use."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from gridgeo.model.errors import GridgeoError
from gridgeo.planning.workbench import Workbench
from gridgeo.storage.store import Store

DESKS_KEPT = 4


class Desks:
    """Lend workbenches: a draft is opened once, and looked at anew for each request.

    Parameters
    ----------
    most : int
        How many drafts stay open; the one not asked for longest goes.
    """

    def __init__(self, most: int = DESKS_KEPT) -> None:
        self._most = most
        self._benches: OrderedDict[tuple[int, int], tuple[threading.Lock, list[Workbench]]] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def take(self, store: Store, draft_id: int, today: date) -> Iterator[Workbench]:
        """Lend the workbench of a draft, in step with the store; others who ask for it wait.

        Parameters
        ----------
        store : Store
        draft_id : int
        today : date

        Yields
        ------
        Workbench

        Raises
        ------
        UnknownAreaError
            If there is no such draft.
        """
        key = (id(store), draft_id)
        with self._lock:
            lock, held = self._benches.setdefault(key, (threading.Lock(), []))
            self._benches.move_to_end(key)
            while len(self._benches) > self._most:
                self._benches.popitem(last=False)
        with lock:
            bench = held.pop() if held else Workbench(store, draft_id, today=today)
            bench.refresh(today=today)
            try:
                yield bench
            except GridgeoError:
                held.append(bench)  # refused: the bench is as it was
                raise
            # After any other error the bench is not lent again: the next request opens the draft anew.
            held.append(bench)
