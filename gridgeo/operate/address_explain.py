"""Write down why an address text was answered as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .address_numbers import NOTE, Part
from .address_search import AddressSearch, Answer
from .address_text import CleanText


def account(
    source: CleanText,
    readings: Sequence[list[Part]],
    search: AddressSearch,
    answers: Sequence[Answer],
    statuses: Sequence[str],
    addresses: Sequence[str],
) -> str:
    """Write the account of one text.

    Parameters
    ----------
    source : CleanText
        The text in its plain form.
    readings : sequence of list of Part
        Its parts in every way that makes sense.
    search : AddressSearch
    answers : sequence of Answer
    statuses, addresses : sequence of str
        Of each answer.

    Returns
    -------
    str
        Lines.
    """
    if not readings:
        return "The text is empty or too long to be an address."
    lines = [f"plain form: {source.text}"]
    lines += [f"reading {at}: {_parts(reading)}" for at, reading in enumerate(readings, 1)]
    lines += _names(readings, search)
    if not answers:
        lines.append("no place of the book is like it")
    for at, (answer, status, address) in enumerate(zip(answers, statuses, addresses, strict=True), 1):
        lines.append(f"answer {at}: {address} ({answer.level}), score {answer.score:.4f}, {status}")
        lines += [
            f"  {credit.part.kind} {source.given(credit.part.start, credit.part.end)}: "
            f"{credit.weight * credit.share:.2f} of {credit.weight:.2f}"
            for credit in answer.verdict.credits
        ]
        lines.append(f"  {status}: {_reason(answer, status)}")
    return "\n".join(lines)


def _parts(reading: Sequence[Part]) -> str:
    return ", ".join(f"{part.kind} {part.key}" for part in reading)


def _names(readings: Sequence[list[Part]], search: AddressSearch) -> Iterator[str]:
    """List the names that each word of the text may stand for."""
    seen: set[str] = set()
    for reading in readings:
        for at, rows in search.question(reading).meant.items():
            part = reading[at]
            if part.kind == NOTE or part.key in seen:
                continue
            seen.add(part.key)
            known = ", ".join(f"{kind} {name} ({likeness:.2f})" for kind, name, likeness in rows)
            yield f"name {part.key}: {known or 'unknown'}"


def _reason(answer: Answer, status: str) -> str:
    """Say why an answer has its status: the first that applies."""
    verdict = answer.verdict
    if status == "auto":
        return "the score is high, nothing contradicts it, and no other place is nearly as good"
    reasons = (
        (status == "reject" and verdict.foreign, "it names a region, and none that the book knows"),
        (status == "reject" and not verdict.sure, "no part agrees to the letter"),
        (verdict.conflict, "a part says something else than the place"),
        (verdict.strange, "it names a region that the book does not know"),
        (verdict.is_hearsay, f"its only name is but like the known one ({verdict.worst_name:.2f})"),
        (bool(verdict.unmatched), "some parts are not known there"),
    )
    return next((words for holds, words in reasons if holds), "only a part of a place is told, or another is as good")
