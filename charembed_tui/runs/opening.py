"""Going on with a run: the folder, its text, and everything that was kept of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.configuration import Configuration, fingerprint
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.plan import Plan, ResumedRun
from charembed_tui.runs.text_copies import copies, copy_of_counts, reading_of_copies
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.trajectory import Frame
from model.corpus import Corpus
from model.errors import CorpusError
from model.texts.reading import Reading
from model.texts.sources import STDIN, Source, find_sources


def resume(
    name: str | None, texts: Sequence[str] = (), changes: Mapping[str, Any] | None = None
) -> ResumedRun:
    """Open a run, by name or the newest, with its text.

    Args:
        name: of the run's folder, or None for the newest.
        texts: where the text is now, if it has moved.
        changes: how it is to be read now, where that differs: fields of `Reading`.

    Raises:
        RunError: there is no such run, it has no good checkpoint, another process trains it, or
            the text is not the one it was trained on.
        CorpusError: the text cannot be read.
    """
    folder = find_run(name)
    folder.lock()  # before reading: nobody writes in between
    try:
        state = folder.load()
        corpus, path = text_of(folder, texts, changes)
    except BaseException:
        folder.unlock()
        raise
    steps: int = state["steps"]
    frames: list[Frame] = []
    samples: list[GeneratedText] = []
    with suppress(OSError):  # the run goes on without them
        frames = [frame for frame in folder.recording.read()[0] if frame.step <= steps]
        samples = [sample for sample in folder.samples.read()[0] if sample.step <= steps]
    return ResumedRun(folder, corpus, path, state, frames, samples)


def follow(
    folder: RunFolder, texts: Sequence[str] = (), changes: Mapping[str, Any] | None = None
) -> Plan:
    """The session that watches while another process trains a run. Raises what `text_of` does."""
    corpus, path = text_of(folder, texts, changes)
    return Plan(corpus, path, folder.configuration.settings, followed=folder)


def text_of(
    folder: RunFolder, texts: Sequence[str] = (), changes: Mapping[str, Any] | None = None
) -> tuple[Corpus, Path]:
    """The text a run was trained on, and where it is now; arguments as for `resume`.

    Raises:
        RunError: it is gone, has changed, or is another one.
        CorpusError: it cannot be read.
    """
    configuration = folder.configuration
    reading = replace(configuration.reading, **changes or {})
    if texts:
        sources = find_sources(texts)
        corpus = _read(sources, configuration, reading)
    else:
        sources, corpus = _own_text(folder, reading)
    if fingerprint(corpus) != configuration.fingerprint:
        raise RunError(_difference(folder, corpus, sources))
    learned = corpus.merge_rare(configuration.settings.minimum_count)
    if learned.vocabulary != configuration.vocabulary:
        raise RunError(
            f"{folder.path.name} says that its text has other characters than it has: its run.json "
            "has been changed. Start a new run."
        )
    return replace(corpus, files=configuration.files or corpus.files), Path(sources[0].path)


def _own_text(folder: RunFolder, reading: Reading) -> tuple[list[Source], Corpus]:
    """A run's text from where it was, or where it has gone or changed, from copies of it."""
    configuration = folder.configuration
    path = configuration.corpus_path
    sources = [file.source for file in configuration.files] or [Source(path, name=Path(path).name)]
    if counts := copy_of_counts(folder.path):
        corpus = Corpus.from_table(counts, configuration.corpus_name)
        files = configuration.files
        return sources, replace(corpus, reading=reading, files=files, was_streamed=True)
    missing = [source for source in sources if not os.path.isfile(source.path)]
    found = copies(folder.path)
    if not missing:
        try:
            corpus = _read(sources, configuration, reading)
        except CorpusError:
            if not found:
                raise
        else:
            if not found or fingerprint(corpus) == configuration.fingerprint:
                return sources, corpus
    if found:
        return found, _read(found, configuration, reading_of_copies(reading))
    if missing[0].path == STDIN:
        raise RunError(
            f"The text of {folder.path.name} came from standard input: pipe it in again and name "
            "it as -, or name a file with it as CORPUS."
        )
    raise RunError(
        f"The text of {folder.path.name}, {missing[0].name}, is no longer at "
        f"{missing[0].path}: name it as CORPUS."
    )


def _read(sources: Sequence[Source], configuration: Configuration, reading: Reading) -> Corpus:
    """Read texts, or count them again where they were only counted. Raises CorpusError."""
    if not configuration.was_streamed:
        return Corpus.from_sources(sources, configuration.corpus_name, reading)
    from model.large_texts import Counting, count_corpus  # with scipy: seldom needed

    settings = configuration.settings
    counting = Counting(settings.context_length, settings.held_out / 100)
    return count_corpus(sources, configuration.corpus_name, reading, counting)


def _difference(folder: RunFolder, corpus: Corpus, sources: Sequence[Source]) -> str:
    """Why a text is not the one that a run was trained on."""
    configuration, run = folder.configuration, folder.path.name
    own = [file.path for file in configuration.files] or [configuration.corpus_path]
    again = f"start from the run's parameters on this one with --from {run}."
    if [str(Path(source.path).absolute()) for source in sources] != own:
        named = ", ".join(source.name for source in sources[:3]) + " …" * (len(sources) > 3)
        return (
            f"{named} is another text than {configuration.corpus_name}, which {run} was trained "
            f"on, and a run goes on only with its own. Name that one, or {again}"
        )
    before = [file.fingerprint for file in configuration.files]
    changed = [
        file.name
        for file, fingerprint_before in zip(corpus.files, before, strict=False)
        if file.fingerprint != fingerprint_before
    ] or [Path(own[0]).name]
    return (
        f"{', '.join(changed[:3])} has changed since {run} was trained on it: a run goes on only "
        f"with its own text. Bring back the old text, or {again}"
    )
