"""What a person should know of how a text was read."""

from __future__ import annotations

from model.corpus import Corpus

_MOST_NAMED = 3
PLAIN = "encoding: UTF-8"


def reading_notes(corpus: Corpus) -> list[str]:
    """What was found out or left out in reading, a line each; none where all was plain."""
    notes = []
    if corpus.was_streamed and corpus.counted is not None:
        notes.append(
            f"{corpus.name} {corpus.why_counts}: contexts of {corpus.counted.context_length} "
            "characters. --limit allows more."
        )
    if corpus.was_recognized:
        notes.append(recognized_note(corpus.name, f"{corpus.line_count:,} "))
    notes += [f"left out: {reason}" for reason in corpus.skipped[:_MOST_NAMED]]
    if len(corpus.skipped) > _MOST_NAMED:
        notes.append(f"left out: {len(corpus.skipped) - _MOST_NAMED:,} more files")
    return notes


def recognized_note(name: str, count: str = "") -> str:
    """That a text was taken for a list by its look, of so many lines."""
    return (
        f"{name} looks like a list: each of its {count}lines is learned by itself. --no-lines "
        "takes it as one text."
    )


def reading_facts(corpus: Corpus) -> list[str]:
    """How a text was read, for its details, a line each."""
    reading, files = corpus.reading, corpus.files
    facts = []
    if len(files) > 1:
        named = ", ".join(file.name for file in files[:_MOST_NAMED])
        facts.append(f"{len(files):,} texts: {named}{' …' if len(files) > _MOST_NAMED else ''}")
    if corpus.is_list:
        facts.append(f"a list of {corpus.line_count:,} lines, each learned by itself")
    if files:
        name = "bytes, each a character" if reading.is_bytes else reading.encoding or "UTF-8"
        facts.append(PLAIN if name == "UTF-8" else f"encoding: {name}")
        if ends := _line_ends(corpus):
            facts.append(f"line ends: {ends}")
    if reading.fold_case:
        facts.append("capitals are read as small letters")
    return facts


def _line_ends(corpus: Corpus) -> str:
    """Which line ends the files had; nothing where there were none, or line feeds alone."""
    found = sorted({end for file in corpus.files for end in file.line_ends})
    if not found or found == ["LF"]:
        return ""
    read = ", read as line feeds" if corpus.reading.newlines == "unify" else ", left as they are"
    return " and ".join(found) + read
