"""Fit the numbers that turn the signs of an address answer into the chance that it is right.

    python benchmarks/address_calibration.py [--texts 6000] [--seed 0]

Addresses of the demonstration town are disturbed in general ways, each drawn at random: parts left out, letters
exchanged for others of the town or for ones that sound alike, names cut short, words before and after, a part of
another address in its place, a building that does not exist, an estate that the book was not told. An answer is right
where it spans the building that was meant. Prints the constants of ``gridgeo/operate/address_calibration.py``, and how
often answers of each score were right in texts that were not fitted.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pypinyin import lazy_pinyin
from scipy.optimize import minimize

import gridgeo as gg
from gridgeo.operate.address_calibration import describe
from gridgeo.operate.address_reading import cut
from gridgeo.operate.address_search import signs_of

HELD_OUT = 0.12
"""Share of the estates that the book is not told."""
RIDGE = 1e-3
WORDS = "请问速来急修师傅麻烦登记转交收件到了这里就是那个房东他说门前路上灯坏水管漏"
Random = np.random.Generator


@dataclass(frozen=True)
class Told:
    """An address in its parts, and the building that it means: its address, empty where there is none."""

    road: str
    number: str
    estate: str
    building: str
    inner: str
    place: str

    def write(self) -> str:
        """Write it in a line."""
        number = f"{self.number}号" if self.number else ""
        return f"{self.road}{number}{self.estate}{self.building}{self.inner}"


class Town:
    """The addresses to disturb, and what to disturb them with."""

    def __init__(self, texts: pd.Series) -> None:
        self.told = [told for told in map(read, texts) if told]
        letters = sorted({letter for told in self.told for letter in told.road + told.estate})
        self.letters = letters
        self.alike: dict[str, list[str]] = defaultdict(list)
        for letter in [*letters, *WORDS]:
            self.alike["".join(lazy_pinyin(letter))].append(letter)


def read(text: str) -> Told | None:
    """Take an address of the town apart."""
    _, readings = cut(text)
    found = {part.kind: part.key for part in reversed(readings[0])}
    road, number, estate = (found.get(kind, "") for kind in ("road", "number", "estate"))
    if not road or not number:
        return None
    rest = text[text.index(f"{number}号") + len(number) + 1 + len(estate) :]
    at = next((rest.index(word) + len(word) for word in ("栋", "幢", "号楼", "座") if word in rest), 0)
    return Told(road, number, estate, rest[:at], rest[at:], text[: len(text) - len(rest) + at])


def exchange(name: str, town: Town, random: Random, *, sounding: bool) -> str:
    """Exchange a letter of a name."""
    if not name:
        return name
    at = int(random.integers(len(name)))
    choice = [letter for letter in town.alike["".join(lazy_pinyin(name[at]))] if letter != name[at]]
    letters = choice if sounding and choice else town.letters
    return name[:at] + letters[int(random.integers(len(letters)))] + name[at + 1 :]


def in_a_name(change: Callable[[str], str], told: Told, random: Random) -> Told:
    """Change the estate or the road."""
    if told.estate and random.random() < 0.6:
        return replace(told, estate=change(told.estate))
    return replace(told, road=change(told.road))


def disturb(told: Told, town: Town, random: Random) -> tuple[str, str]:
    """Disturb an address in one or two ways; give the kind and the text."""
    other = town.told[int(random.integers(len(town.told)))]
    ways: dict[str, Callable[[Told], Told]] = {
        "as it is": lambda one: one,
        "no road": lambda one: replace(one, road="", number="") if one.estate else one,
        "no number": lambda one: replace(one, number="") if one.estate else one,
        "no estate": lambda one: replace(one, estate=""),
        "no room": lambda one: replace(one, inner=""),
        "slip": lambda one: in_a_name(lambda name: exchange(name, town, random, sounding=False), one, random),
        "misheard": lambda one: in_a_name(lambda name: exchange(name, town, random, sounding=True), one, random),
        "cut short": lambda one: replace(one, estate=one.estate[:2], road="", number="") if one.estate else one,
        "other road": lambda one: replace(one, road=other.road) if one.estate else one,
        "other number": lambda one: replace(one, number=other.number) if one.estate else one,
        "other estate": lambda one: replace(one, estate=other.estate or one.estate),
        "no such building": lambda one: replace(one, building="98栋", place="") if one.building else one,
        "words": lambda one: one,
    }
    names = list(ways)
    chosen = [names[int(at)] for at in random.choice(len(names), size=1 if random.random() < 0.6 else 2, replace=False)]
    if any(name.startswith("other") for name in chosen):
        chosen = chosen[:1]  # two contradictions make another address
    for name in chosen:
        told = ways[name](told)
    text = told.write()
    if "words" in chosen:
        words = "".join(random.choice(list(WORDS), size=4))
        text = words + text if random.random() < 0.5 else text + words
    return text, told.place


def collect(book: gg.AddressBook, town: Town, held: set[str], texts: int, seed: int) -> pd.DataFrame:
    """Ask the book for disturbed addresses; give the signs, leads and rightness of each best answer."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(texts):
        told = town.told[int(random.integers(len(town.told)))]
        text, place = disturb(told, town, random)
        answers = book._answer(text, 6)[1]  # the signs are no part of the public answer
        if not answers:
            continue
        best = answers[0]
        signs, leads = signs_of(best, answers)
        if told.estate in held or not place:
            right = best.level in ("road", "estate") and (best.place.road, best.place.estate) in (
                (told.road, ""), (told.road, told.estate), ("", told.estate)
            )  # fmt: skip
        else:
            right = place in {book._search.places.places[at].label for at in best.places}
        rows.append({**describe(signs), "leads": leads, "right": right, "exact": best.score == 1})
    return pd.DataFrame(rows)


def fit(rows: pd.DataFrame) -> tuple[float, dict[str, float], float]:
    """Fit intercept, weights and the sharpness of rivals by likelihood, with a slight pull towards 0."""
    rows = rows[~rows["exact"]]
    names = [name for name in rows.columns if name not in ("leads", "right", "exact")]
    numbers, right = rows[names].to_numpy(dtype=float), rows["right"].to_numpy(dtype=bool)
    width = max(map(len, rows["leads"]))
    leads = np.array([[*lead, *[np.inf] * (width - len(lead))] for lead in rows["leads"]]).reshape(len(rows), width)

    def loss(values: np.ndarray) -> float:
        chance = predict(values, numbers, leads)
        told = np.where(right, chance, 1 - chance)
        return float(-np.log(np.clip(told, 1e-9, 1)).mean() + RIDGE * (values[:-1] ** 2).mean())

    start = np.array([4.0, *[-1.0] * len(names), 20.0])
    low_high = [(None, None), *[(None, 0.0) if name != "names" else (0.0, None) for name in names], (5.0, 80.0)]
    best = minimize(loss, start, method="L-BFGS-B", bounds=low_high).x
    return float(best[0]), dict(zip(names, best[1:-1].tolist(), strict=True)), float(best[-1])


def predict(values: np.ndarray, numbers: np.ndarray, leads: np.ndarray) -> np.ndarray:
    """Give the chances under given numbers."""
    alone = 1 / (1 + np.exp(-(values[0] + numbers @ values[1:-1])))
    return alone / (1 + np.exp(-values[-1] * leads).sum(axis=1))


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    households = gg.make_town(seed=given.seed).households
    town = Town(households["address"].dropna())
    estates = sorted({told.estate for told in town.told if told.estate})
    random = np.random.default_rng(given.seed)
    held = {estate for estate in estates if random.random() < HELD_OUT}
    pattern = "|".join(sorted(held))
    known = households[~households["address"].fillna("").str.contains(pattern)] if pattern else households
    book = gg.AddressBook(known)
    fitted, kept = (collect(book, town, held, given.texts, given.seed + turn) for turn in (1, 2))
    intercept, weights, rival = fit(fitted)
    print(f"INTERCEPT = {intercept:.2f}")
    print(f"WEIGHTS = { ({name: round(weight, 2) for name, weight in weights.items()}) }")
    print(f"RIVAL = {rival:.1f}")
    rest = kept[~kept["exact"]]
    width = max(map(len, rest["leads"]))
    leads = np.array([[*lead, *[np.inf] * (width - len(lead))] for lead in rest["leads"]]).reshape(len(rest), width)
    values = np.array([intercept, *weights.values(), rival])
    chance = predict(values, rest[list(weights)].to_numpy(dtype=float), leads)
    bins = pd.cut(chance, [0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0])
    print(rest.assign(chance=chance).groupby(bins, observed=True)[["chance", "right"]].agg(["mean", "size"]).round(3))
    print(f"exact: {kept['exact'].mean():.1%} of the texts, right {kept.loc[kept['exact'], 'right'].mean():.2%}")


if __name__ == "__main__":
    main()
