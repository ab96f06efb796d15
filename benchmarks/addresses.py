"""Measure how addresses are found through ten kinds of noise and a hard set, beside full-text search and edit distance.

    python benchmarks/addresses.py [--households 1000000] [--texts 1000] [--seed 0] [--no-peers]
    python benchmarks/addresses.py --parser [FILE]

The territory and the noise are made by ``address_territory`` and ``address_noise``, which share nothing with the
parser. An answer is right where its level is a room, stairwell, building or house number, and its point is that of the
building that was meant. ``--parser`` holds the parser against lines cut by hand instead.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import importlib.util
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from address_noise import ABSENT, HARD, NOISES, samples
from address_territory import Address, Territory, make_territory
from measure import Row, measure

import gridgeo as gg

HOUSEHOLDS = {"small": 20_000, "2k": 100_000, "20k": 300_000, "100k": 1_000_000}
TEXTS = {"small": 25, "2k": 200, "20k": 500, "100k": 1_000}
"""Of each kind."""
PEER_TEXTS = {"small": 60, "2k": 200, "20k": 400, "100k": 400}
"""Of the ten kinds of noise together, put to each peer."""
LINES = Path(__file__).resolve().parents[2] / "shared" / "data" / "chinese_addresses" / "addresses_dev.jsonl.gz"
CLOSE = ("room", "stairwell", "building", "number")
SAME_M = 1.0
LABELS = {"road": "road", "roadno": "number", "poi": "estate", "houseno": "building", "cellno": "stairwell",
          "floorno": "floor", "roomno": "room"}  # fmt: skip
"""Label of the hand-cut lines, and what the parser calls it."""


@dataclass(frozen=True)
class Outcome:
    """What came of the texts of one kind: shares of the texts, and those that were answered ``auto``."""

    right: float
    auto: float
    auto_right: float
    household: float

    @property
    def note(self) -> str:
        """Say it in a line."""
        sure = f"auto {self.auto:.2%}, right of auto {self.precision:.2%}"
        return f"right first {self.right:.2%}, {sure}, household {self.household:.2%}"

    @property
    def precision(self) -> float:
        """Give the share of right answers among those that were sure."""
        return self.auto_right / self.auto if self.auto else 1.0


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure building, finding, single look-ups, suggestions and the peers."""
    territory = make_territory(HOUSEHOLDS[size], seed)
    yield from measure_all(territory, TEXTS[size], PEER_TEXTS[size], seed)


def measure_all(territory: Territory, texts: int, peer_texts: int, seed: int) -> Iterator[Row]:
    """Measure on one territory.

    Parameters
    ----------
    territory : Territory
    texts : int
        Of each kind.
    peer_texts : int
        For each peer; 0 leaves the peers out.
    seed : int

    Yields
    ------
    Row
    """
    frame = territory.frame()
    book, cost = measure(lambda: gg.AddressBook(frame, regions=territory.regions))
    words = f"{len(territory.points):,} buildings, {len(territory.estates):,} estates, {len(territory.roads):,} roads"
    yield Row("build", len(frame), "households", cost, note=words)
    drawn = {kind: list(samples(territory, kind, texts, seed)) for kind in (*NOISES, *HARD, *ABSENT)}
    gc.freeze()  # what stands ready need not be walked through again before each of the many short measurements
    ids = _ids_of(territory, frame, [address for pairs in drawn.values() for address, _ in pairs])
    outcomes: dict[str, Outcome] = {}
    for kind in (*NOISES, *HARD):
        asked = pd.Series([text for _, text in drawn[kind]], dtype="str")
        found, cost = measure(lambda asked=asked: book.find_each(asked))  # type: ignore[misc]
        outcomes[kind] = judge(found, [address for address, _ in drawn[kind]], territory, ids)
        yield Row(kind, len(asked), "texts", cost, note=outcomes[kind].note)
    for name, kinds in (("ten kinds", NOISES), ("hard set", HARD), ("all kinds", {**NOISES, **HARD})):
        yield from _together(name, [outcomes[kind] for kind in kinds], [len(drawn[kind]) for kind in kinds])
    for kind in ABSENT:
        asked = pd.Series([text for _, text in drawn[kind]], dtype="str")
        found, cost = measure(lambda asked=asked: book.find_each(asked))  # type: ignore[misc]
        false = float(found["status"].eq("auto").mean())
        yield Row(kind, len(asked), "texts", cost, note=f"accepted falsely {false:.2%}")
    noisy = [pair for pairs in zip(*(drawn[kind] for kind in NOISES), strict=False) for pair in pairs]
    yield _single_row("find, one each", [text for _, text in noisy], lambda text: book.find(text, 1))
    typed = [str(address)[: 2 + at % 7] for at, (address, _) in enumerate(noisy)]
    yield _single_row("suggest", typed, book.suggest)
    if peer_texts:
        yield from _peer_rows(book, noisy[:peer_texts], territory, ids)
    gc.unfreeze()


def judge(found: pd.DataFrame, meant: list[Address], territory: Territory, ids: dict[str, str]) -> Outcome:
    """Hold answers against what was meant.

    Parameters
    ----------
    found : DataFrame
        As ``AddressBook.find_each`` gives it.
    meant : list of Address
    territory : Territory
    ids : dict of address to household

    Returns
    -------
    Outcome
    """
    there = np.array([territory.points[address.place] for address in meant])
    away = np.hypot(found["x"].to_numpy() - there[:, 0], found["y"].to_numpy() - there[:, 1])
    right = (away < SAME_M) & found["level"].isin(CLOSE).to_numpy()
    auto = found["status"].eq("auto").to_numpy()
    household = found["address_id"].fillna("").to_numpy() == np.array([ids[str(address)] for address in meant])
    return Outcome(*(float(share.mean()) for share in (right, auto, auto & right, household)))


def _together(name: str, outcomes: list[Outcome], weights: list[int]) -> Iterator[Row]:
    """Put the outcomes of several kinds into one row."""
    columns = ("right", "auto", "auto_right", "household")
    whole = Outcome(
        *(float(np.average([getattr(one, column) for one in outcomes], weights=weights)) for column in columns)
    )
    least = min(one.right for one in outcomes)
    yield Row(
        name,
        sum(weights),
        "texts",
        _nothing(),
        note=f"{whole.note}; least kind {least:.2%}; auto and right {whole.auto_right:.2%}",
    )


def _nothing() -> Any:
    return measure(lambda: None)[1]


def _ids_of(territory: Territory, frame: pd.DataFrame, wanted: list[Address]) -> dict[str, str]:
    """Give the households of some addresses."""
    asked = {str(address) for address in wanted}
    pairs = zip(frame["address"], frame.index, strict=True)
    return {address: household for address, household in pairs if address in asked}


def _single_row(step: str, texts: list[str], ask: Callable[[str], Any]) -> Row:
    """Time calls one by one, in CPU time of this thread."""
    ask(texts[0])
    times = []

    def work() -> None:
        for text in texts:
            began = time.thread_time_ns()
            ask(text)
            times.append(time.thread_time_ns() - began)

    _, cost = measure(work)
    middle, late = np.percentile(times, [50, 99]) / 1e6
    return Row(step, len(texts), "texts", cost, note=f"p50 {middle:.2f} ms, p99 {late:.2f} ms")


def _peer_rows(book: Any, pairs: list[tuple[Address, str]], territory: Territory, ids: dict[str, str]) -> Iterator[Row]:
    """Put the same texts to each peer; its work is to name the building."""
    meant = [address for address, _ in pairs]
    texts = [text for _, text in pairs]
    buildings = _buildings(territory)
    found, ours = measure(lambda: book.find_each(pd.Series(texts, dtype="str")))
    share = judge(found, meant, territory, ids).right
    for name, prepare in {
        "sqlite fts5 trigram": _fts5,
        "rapidfuzz extractOne": _rapidfuzz,
        "tantivy ngram": _tantivy,
    }.items():
        ask = prepare(buildings)
        if ask is None:
            yield Row("find_each", len(texts), "texts", ours, name, note="is not installed: pip install tantivy")
            continue
        answers, cost = measure(lambda ask=ask: [ask(text) for text in texts])  # type: ignore[misc]
        theirs = float(np.mean([answer == address.place for answer, address in zip(answers, meant, strict=True)]))
        yield Row("find_each", len(texts), "texts", ours, name, cost, f"right first {share:.2%}, theirs {theirs:.2%}")


def _buildings(territory: Territory) -> list[str]:
    """Write the address of each building, by its place."""
    found = [""] * len(territory.points)
    for address in territory.addresses:
        if not found[address.place]:
            pieces = address.pieces
            found[address.place] = "".join(
                pieces[part] for part in ("road", "number", "estate", "building") if part in pieces
            )
    return found


def _fts5(buildings: list[str]) -> Callable[[str], int]:
    """Let SQLite's full-text search rank the buildings by the trigrams they have in common with a text."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE building USING fts5(address, tokenize='trigram')")
    base.executemany("INSERT INTO building(rowid, address) VALUES (?, ?)", enumerate(buildings))

    def ask(text: str) -> int:
        plain = "".join(letter for letter in text if letter.isalnum())
        grams = {plain[at : at + 3] for at in range(len(plain) - 2)}
        query = " OR ".join(f'"{gram}"' for gram in sorted(grams))
        row = base.execute(
            "SELECT rowid FROM building WHERE building MATCH ? ORDER BY rank LIMIT 1", (query,)
        ).fetchone()
        return int(row[0]) if row else -1

    return ask


def _rapidfuzz(buildings: list[str]) -> Callable[[str], int] | None:
    """Let rapidfuzz compare a text with every building."""
    if importlib.util.find_spec("rapidfuzz") is None:
        return None
    from rapidfuzz import fuzz, process

    return lambda text: int(process.extractOne(text, buildings, scorer=fuzz.WRatio)[2])


def _tantivy(buildings: list[str]) -> Callable[[str], int] | None:
    """Let tantivy rank the buildings by the pairs of characters they have in common with a text."""
    if importlib.util.find_spec("tantivy") is None:
        return None
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("address", tokenizer_name="whitespace")
    schema.add_integer_field("place", stored=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for place, address in enumerate(buildings):
        writer.add_document(tantivy.Document(address=" ".join(_grams(address)), place=place))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def ask(text: str) -> int:
        parts = [
            (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "address", gram)) for gram in _grams(text)
        ]
        hits = searcher.search(tantivy.Query.boolean_query(parts), 1).hits
        return int(searcher.doc(hits[0][1])["place"][0]) if hits else -1

    return ask


def _grams(text: str) -> list[str]:
    """List the letters and the pairs of letters of a text."""
    plain = "".join(letter for letter in text if letter.isalnum())
    return [plain[at : at + 2] for at in range(len(plain) - 1)]


def judge_parser(path: Path = LINES) -> pd.DataFrame:
    """Hold the parser against address lines cut by hand.

    A part counts as found when the parser quotes the same stretch of the line, to the letter, under the same label.

    Parameters
    ----------
    path : Path
        One JSON object a line: ``text`` and ``parts`` of label, start, end.

    Returns
    -------
    DataFrame
        Indexed by label: ``parts`` (by hand), ``precision``, ``recall``, ``f1``.
    """
    from gridgeo.operate.address_parts import cut_address
    from gridgeo.operate.address_text import clean

    hits, given, wanted = Counter[str](), Counter[str](), Counter[str]()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            plain = clean(line["text"])
            readings = cut_address(plain.text)
            ours = Counter(
                (part.kind, plain.given(part.start, part.end))
                for part in (readings[0] if readings else [])
                if part.kind in LABELS.values()
            )
            hand = Counter(
                (LABELS[label], line["text"][start:end]) for label, start, end in line["parts"] if label in LABELS
            )
            for (kind, _), count in ours.items():
                given[kind] += count
            for (kind, _), count in hand.items():
                wanted[kind] += count
            for (kind, _), count in (ours & hand).items():
                hits[kind] += count
    found = pd.DataFrame({"parts": pd.Series(wanted), "given": pd.Series(given), "hits": pd.Series(hits)}).fillna(0)
    found = found.reindex(pd.Index(list(LABELS.values()), name="label")).fillna(0)
    precision, recall = found["hits"] / found["given"], found["hits"] / found["parts"]
    f1 = 2 * precision * recall / (precision + recall)
    return pd.DataFrame({"parts": found["parts"].astype(int), "precision": precision, "recall": recall, "f1": f1})


def main(arguments: list[str] | None = None) -> None:
    """Read what is asked, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--texts", type=int, default=1_000, help="of each kind of noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--parser", nargs="?", const=LINES, type=Path, metavar="FILE", help="hand-cut lines, .jsonl.gz")
    options = parser.parse_args(arguments)
    if options.parser is not None:
        if not options.parser.is_file():
            raise SystemExit(f"--parser {options.parser}: there is no such file of hand-cut lines")
        print(judge_parser(options.parser).to_string(float_format="{:.3f}".format))
        return
    from run import HEADER, as_line

    print(HEADER)
    territory = make_territory(options.households, options.seed)
    for row in measure_all(territory, options.texts, 0 if options.no_peers else PEER_TEXTS["20k"], options.seed):
        print(as_line(row), flush=True)


if __name__ == "__main__":
    main()
