"""How much of a sample stands in the training text, in words and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.novelty import Novelty


def novelty_note(found: Novelty) -> str:
    """Return one line with the figures."""
    shares = {length: share for length, share in found.shares.items() if share is not None}
    longest = f"longest run {found.longest:,} characters"
    if found.is_at_least:
        longest = f"longest run at least {found.longest:,} characters (counts know no longer ones)"
    if not shares:
        return f"as in the training text: {longest}"
    pieces = ", ".join(f"{share:.0%} of {length}-" for length, share in shares.items())
    return f"as in the training text: {pieces}character pieces, {longest}"


def novelty_facts(found: Novelty, sample: str) -> dict[str, Any]:
    """Return the figures by their names, of a sample that was compared."""
    # A run may begin with the boundary before a line, which no sample has at its beginning.
    before = "\n" * (found.longest - (found.stop - found.start))
    return {
        "longest_run": found.longest,
        "longest_run_is_at_least": found.is_at_least,
        "longest_run_text": before + sample[found.start : found.stop],
        "pieces_in_text": {str(length): share for length, share in found.shares.items()},
    }
