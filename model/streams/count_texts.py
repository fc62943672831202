"""Counting texts that need not fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from model.counting import Progress
from model.errors import CorpusError
from model.sequences import require_context, require_held_out_part, require_length
from model.streams.counted_text import CountedText
from model.streams.range_counter import RangeCounter
from model.streams.ranges import BLOCK, Range, blocks_of, can_be_cut, ranges_of
from model.texts.decoding import Decoded, Described
from model.texts.lists import LIST_SAMPLE, looks_like_list, sample_of_lines
from model.texts.reading import Reading
from model.texts.sources import STDIN, Source, find_sources, title

Note = Callable[[str], None]


def count_texts(
    names: Sequence[str | Path] | str | Path,
    context_length: int,
    *,
    reading: Reading | None = None,
    held_out: float = 0.0,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
    note: Note | None = None,
) -> CountedText:
    """Count the n-grams of texts, reading each once and some blocks at a time.

    The result is that of counting each text at once and merging. No n-gram crosses a text's end.

    Args:
        names: paths, folders, patterns, archives, and addresses that fsspec opens.
        context_length: M.
        reading: how they are read; as UTF-8, and as lists of lines only where it says so.
        held_out: the part that is held out, from 0 to below 1: blocks of 4 KiB spread evenly over
            the texts, since their end is known last. Texts of less than that hold nothing out.
        progress: called with the bytes read and the bytes there are, as stored.
        is_cancelled: asked before every 4 MB.
        note: called with the reason for every file of a folder that is left out as no text.

    Raises:
        CorpusError: a text is missing, unreadable or in another encoding, or all are too short.
        SettingsError: the part is no part, or M is less than 1.
        Cancelled: `is_cancelled` said so.
    """
    reading = reading or Reading()
    name, sources = to_count(names, context_length, reading, held_out, note)
    counted, _ = count_sources(sources, context_length, reading, held_out, progress, is_cancelled)
    require_countable(counted, name)
    return counted


def count_sources(
    sources: Sequence[Source],
    context_length: int,
    reading: Reading,
    held_out: float,
    progress: Progress | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> tuple[CountedText, list[Described]]:
    """Count texts that were found before, and describe each; arguments as for `count_texts`.

    Raises:
        CorpusError: a text is unreadable or in another encoding.
        Cancelled: `is_cancelled` said so.
    """
    ranges = ranges_of(sources, reading, None)
    total = sum(part.size for part in ranges)
    counter = RangeCounter(context_length, reading, held_out)
    described = [Described() for _ in ranges]
    before = 0
    for part, description in zip(ranges, described, strict=True):
        done = before

        def count_bytes(
            count: int, first: int = before, size: int = part.size, seen: Described = description
        ) -> None:
            nonlocal done
            done = first + seen.stored_bytes if seen.stored_bytes else done + count
            done = min(done, first + size)  # members of archives are longer than they are stored
            if progress is not None:
                progress(done, total)

        counter.count(part, is_cancelled, count_bytes, description)
        before += part.size
    if progress is not None:
        progress(total, total)
    return counter.counted(), described


def to_count(
    names: Sequence[str | Path] | str | Path,
    context_length: int,
    reading: Reading,
    held_out: float,
    note: Note | None,
) -> tuple[str, list[Source]]:
    """What to call the texts of some names, and the texts; arguments as for `count_texts`.

    Raises:
        CorpusError: a text is missing, or none.
        SettingsError: the part is no part, or M is less than 1.
    """
    require_held_out_part(held_out)
    require_context(context_length)
    given = [names] if isinstance(names, str | Path) else names
    sources = readable(find_sources(given), reading, note)
    return title(given, sources), sources


def looks_like_list_of(sources: Sequence[Source], reading: Reading) -> bool:
    """Whether texts look like a list, by the beginning of the first one and what is in the middle.

    That is the middle of a single text where reading can begin there, and the beginning of one of
    several. Standard input can be read once, and is none.

    Raises:
        CorpusError: a text cannot be read.
    """
    if reading.is_bytes or any(source.path == STDIN for source in sources):
        return False
    parts = [Range(sources[0], 0, LIST_SAMPLE, 0)]
    middle = sources[len(sources) // 2]
    size = middle.size()
    if len(sources) > 1:
        parts.append(Range(middle, 0, LIST_SAMPLE, 0))
    elif size > 3 * LIST_SAMPLE and can_be_cut(middle, reading):
        start = size // 2 // BLOCK * BLOCK
        parts.append(Range(middle, start, start + LIST_SAMPLE, 0))
    texts = [
        "".join(text for number, text in blocks_of(part, 1, reading) if number is not None)
        for part in parts
    ]
    is_whole = len(parts) == 1 and size <= LIST_SAMPLE
    return looks_like_list(sample_of_lines(texts[0], "".join(texts[1:]), ends_in_middle=is_whole))


def readable(sources: Sequence[Source], reading: Reading, note: Note | None) -> list[Source]:
    """Texts without what was found beside them and does not begin as text.

    Raises:
        CorpusError: a text that was named is none, or nothing is left.
    """
    found, reason = [], ""
    for source in sources:
        if source.path == STDIN:  # which can be read once
            found.append(source)
            continue
        try:
            with source.open() as (stream, _):
                for _ in Decoded(stream, source.name, reading).blocks([BLOCK]):
                    pass
        except CorpusError as error:
            if source.was_named:
                raise
            reason = str(error)
            if note is not None:
                note(reason)
        else:
            found.append(source)
    if not found:
        raise CorpusError(reason)
    return found


def require_countable(counted: CountedText, name: str) -> None:
    """Refuse what cannot be learned from. Raises CorpusError."""
    if counted.training.positions < 2:
        require_length(min(counted.characters, 2), counted.context_length, name)
    if len(counted.vocabulary) < 2:
        raise CorpusError(f"{name} repeats a single character: there is nothing to predict.")
