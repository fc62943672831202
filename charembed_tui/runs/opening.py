"""Going on with a run: the folder, its text, and everything that was kept of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.configuration import Configuration, fingerprint
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.plan import Plan, ResumedRun
from charembed_tui.training.generated_text import GeneratedText
from charembed_tui.training.trajectory import Frame
from model.corpus import Corpus
from model.errors import CorpusError


def resume(name: str | None, corpus_path: str | None = None) -> ResumedRun:
    """Open a run, by name or the newest, with its text.

    Args:
        name: of the run's folder, or None for the newest.
        corpus_path: where the text is now, if it has moved.

    Raises:
        RunError: there is no such run, it has no good checkpoint, another process trains it, or
            the text is not the one it was trained on.
        CorpusError: the text cannot be read.
    """
    folder = find_run(name)
    folder.lock()  # before reading: nobody writes in between
    try:
        state = folder.load()
        if not isinstance(state.get("settings"), dict):
            raise RunError(f"The checkpoint of {folder.path.name} has no settings.")
        corpus, path = text_of(folder, corpus_path)
    except BaseException:
        folder.unlock()
        raise
    steps = int(state["steps"])
    frames: list[Frame] = []
    samples: list[GeneratedText] = []
    with suppress(OSError):  # the run goes on without them
        frames = [frame for frame in folder.recording.read()[0] if frame.step <= steps]
        samples = [sample for sample in folder.samples.read()[0] if sample.step <= steps]
    return ResumedRun(folder, corpus, path, state, frames, samples)


def follow(folder: RunFolder, corpus_path: str | None = None) -> Plan:
    """The session that watches while another process trains a run. Raises what `text_of` does."""
    corpus, path = text_of(folder, corpus_path)
    return Plan(corpus, path, folder.configuration.settings, followed=folder)


def text_of(folder: RunFolder, corpus_path: str | None = None) -> tuple[Corpus, Path]:
    """The text a run was trained on, and where it is now.

    Raises:
        RunError: it is gone, or has changed.
        CorpusError: it cannot be read.
    """
    configuration = folder.configuration
    path = Path(corpus_path or configuration.corpus_path)
    if corpus_path is None and folder.text.exists() and not _is_text_of(path, configuration):
        path = folder.text
    if not path.exists():
        raise RunError(
            f"The text of {folder.path.name}, {configuration.corpus_name}, is no longer at "
            f"{path}: name it as CORPUS."
        )
    corpus = Corpus.from_file(path)
    if fingerprint(corpus) != configuration.fingerprint:
        raise RunError(
            f"{path.name} has changed since {folder.path.name} was trained on it: a run goes on "
            f"only with its own text. Bring back the old text, or start from the run's "
            f"parameters on this one with --from {folder.path.name}."
        )
    return Corpus(corpus.codes, corpus.vocabulary, configuration.corpus_name), path


def _is_text_of(path: Path, configuration: Configuration) -> bool:
    try:
        return fingerprint(Corpus.from_file(path)) == configuration.fingerprint
    except CorpusError:  # it is gone, or something else stands there
        return False
