"""Whether a text is a list: many short lines, each of them one thing, such as names or words."""

from __future__ import annotations

from collections.abc import Sequence

LIST_SAMPLE = 1 << 15  # characters at the beginning and in the middle show whether it is one
_FEWEST = 12  # lines
_LONGEST_MEAN = 20  # characters of a line
_LONGEST = 40  # characters of nearly all lines
_MOST_EXCEPTIONS = 0.05  # of the lines are longer, or empty
_MOST_BLANKS = 1.5  # in a line, at the mean
_MOST_SENTENCES = 0.1  # of the lines end as sentences and clauses do
_FEWEST_DIFFERENT = 0.5  # of the lines: what repeats itself is no list
_STOPS = (".", ",", ";", ":", "!", "?", "—", "。", "、", "，")


def looks_like_list(lines: Sequence[str]) -> bool:
    """Whether these lines, some of a text without their ends, are entries of a list.

    >>> looks_like_list(["emma", "olivia", "ava", "isabella"] + ["n" * k for k in range(3, 13)])
    True
    >>> looks_like_list(["Home the small river,", "and count green river."] * 10)
    False
    """
    entries = [line for line in lines if line.strip()]
    count = len(entries)
    if count < _FEWEST or len(lines) - count > _MOST_EXCEPTIONS * count:
        return False
    lengths = [len(entry) for entry in entries]
    return (
        sum(lengths) <= _LONGEST_MEAN * count
        and sum(length > _LONGEST for length in lengths) <= _MOST_EXCEPTIONS * count
        and sum(entry.count(" ") for entry in entries) <= _MOST_BLANKS * count
        and sum(entry.rstrip().endswith(_STOPS) for entry in entries) <= _MOST_SENTENCES * count
        and len(set(entries)) >= _FEWEST_DIFFERENT * count
    )


def sample_of_lines(beginning: str, middle: str, *, ends_in_middle: bool) -> list[str]:
    """Lines of the beginning of a text and of its middle, for `looks_like_list`.

    Args:
        beginning: its first characters.
        middle: characters from within; empty where the beginning is all that was read.
        ends_in_middle: whether the text ends with them.
    """
    found = beginning.split("\n")[: None if ends_in_middle and not middle else -1]
    # The first line of the middle has no beginning, the last ones may have no end.
    found += middle.split("\n")[1 : None if ends_in_middle else -1]
    return found[:-1] if found and not found[-1] else found
