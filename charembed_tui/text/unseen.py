"""Which characters of a prompt a model has never seen."""

from __future__ import annotations

from collections.abc import Collection

from charembed_tui.text.glyphs import glyph

_MOST_NAMED = 8


def never_seen(prompt: str, vocabulary: Collection[str]) -> str:
    """Return a note that names the characters outside a vocabulary; empty where there are none.

    >>> never_seen("naïve café", "acefnv ")
    'never seen: ï é'
    """
    unseen = [glyph(c) for c in dict.fromkeys(prompt) if c not in vocabulary]
    if not unseen:
        return ""
    more = f" and {len(unseen) - _MOST_NAMED} more" if len(unseen) > _MOST_NAMED else ""
    return f"never seen: {' '.join(unseen[:_MOST_NAMED])}{more}"
