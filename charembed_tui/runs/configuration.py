"""What a run is made of, as it is written beside its checkpoints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from charembed_tui import __version__
from charembed_tui.runs.errors import RunError
from charembed_tui.settings.training_settings import TrainingSettings, optimizer_settings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.regular import read_regular
from charembed_tui.training.snapshot import Switch
from model import validity
from model.corpus import Corpus
from model.dataset import Dataset
from model.families import registry
from model.families.base import Model
from model.texts.reading import Reading
from model.texts.text_file import TextFile

_FIRST_FAMILY = "log-bilinear"  # of runs that name none
_MOST_CHARACTERS = 1 << 60  # of texts that were counted
_MOST_BYTES = 64 << 20  # a vocabulary of all characters is shorter
_EARLIER_READING = Reading(newlines="keep", lines=False)  # of runs that say nothing of it


@dataclass(frozen=True)
class Configuration:
    """Settings and text of a run.

    Attributes:
        corpus_name: of the text.
        corpus_path: where it was read from, or the first of several texts; it may have moved since.
        fingerprint: SHA-256 of the text as it was trained on.
        characters: how many the text has.
        vocabulary: the characters of the model, in the order of their codes.
        counts: how often each occurs.
        settings: of the training.
        started: when, ISO 8601.
        switches: of the optimizer since.
        files: all texts that it was read from, each with a fingerprint of its own.
        reading: how they were read.
        was_streamed: whether they were only counted, since there was no room for them.
    """

    corpus_name: str
    corpus_path: str
    fingerprint: str
    characters: int
    vocabulary: tuple[str, ...]
    counts: tuple[int, ...]
    settings: TrainingSettings
    started: str
    switches: tuple[Switch, ...] = ()
    files: tuple[TextFile, ...] = ()
    reading: Reading = _EARLIER_READING
    was_streamed: bool = False

    @classmethod
    def of(cls, dataset: Dataset, path: Path, settings: TrainingSettings, now: datetime) -> Self:
        """The configuration of a run that begins on a text read from a path."""
        corpus = dataset.source
        return cls(
            corpus.name,
            corpus.files[0].path if corpus.files else str(path.absolute()),
            fingerprint(corpus),
            len(corpus),
            dataset.vocabulary,
            tuple(dataset.corpus.counts().tolist()),
            settings,
            now.isoformat(timespec="seconds"),
            files=corpus.files,
            reading=corpus.reading,
            was_streamed=corpus.was_streamed,
        )

    @property
    def model(self) -> Model:
        """The shape of the run's model."""
        return self.settings.make_model(len(self.vocabulary))

    def is_of_the_run(self, other: Configuration) -> bool:
        """Whether another one is of the same run, in which only the optimizer may differ."""
        same = replace(self, settings=other.settings, switches=other.switches) == other
        return same and self.has_but_for_the_optimizer(other.settings)

    def has_but_for_the_optimizer(self, settings: TrainingSettings) -> bool:
        """Whether these are the run's settings, but for the optimizer and its own."""
        names = [n for n in TrainingSettings.FIELDS if n not in optimizer_settings()]
        return all(getattr(self.settings, name) == getattr(settings, name) for name in names)

    def write(self, file: Path) -> None:
        """Write it. Raises OSError."""
        saved = {**asdict(self), "charembed_tui": __version__}
        write_whole(file, json.dumps(saved, indent=1).encode() + b"\n")

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read it.

        Raises:
            RunError: there is none, or it cannot be understood.
        """
        try:
            if file.stat().st_size > _MOST_BYTES:
                raise RunError(f"{file} is too large to be a run's configuration.")
            saved = json.loads(read_regular(file).decode("utf-8"))
            family = saved["settings"].get("model", _FIRST_FAMILY)
            if family not in registry.names():
                raise RunError(
                    f"{file.parent.name} is a run of the family of models {str(family)[:40]!r}, "
                    f"which is not known here: known are {', '.join(registry.names())}."
                )
            found = cls(
                validity.text(saved["corpus_name"], "text's name"),
                validity.text(saved["corpus_path"], "text's path"),
                validity.text(saved["fingerprint"], "fingerprint"),
                validity.whole(saved["characters"], "number of characters", 1, _MOST_CHARACTERS),
                tuple(_vocabulary(saved["vocabulary"])),
                tuple(_counts(saved["counts"], len(saved["vocabulary"]))),
                TrainingSettings.from_saved(saved["settings"]),
                validity.text(saved["started"], "time of the start"),
                tuple(_switch(*entry) for entry in saved.get("switches", ())),
                tuple(_file(entry) for entry in saved.get("files", ())),
                _reading(saved["reading"]) if "reading" in saved else _EARLIER_READING,
                bool(saved.get("was_streamed")),
            )
            _ = found.model  # whose size is checked
        except FileNotFoundError:
            raise RunError(
                f"{file.parent} is no run: 'charembed runs' lists those there are."
            ) from None
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            raise RunError(f"{file} cannot be read ({error}).") from None
        return found


def fingerprint(corpus: Corpus) -> str:
    """SHA-256 of a text's characters, the same whatever the file's encoding marks."""
    digest = hashlib.sha256("\x00".join(corpus.vocabulary).encode("utf-8", "surrogatepass"))
    digest.update(corpus.codes.astype("<i4", copy=False).tobytes())
    if corpus.counted is not None:
        digest.update(b"".join(file.fingerprint.encode() for file in corpus.files))
    if corpus.is_list:
        digest.update(b"list")
    if corpus.starts:
        digest.update(np.array(corpus.starts, dtype="<i8").tobytes())
    return digest.hexdigest()


def _file(saved: Mapping[str, Any]) -> TextFile:
    return TextFile(
        validity.text(saved["path"], "text's path"),
        validity.text(saved["member"], "text's member"),
        validity.text(saved["name"], "text's name"),
        validity.whole(saved["characters"], "text's number of characters", most=_MOST_CHARACTERS),
        validity.text(saved["fingerprint"], "text's fingerprint"),
        tuple(validity.text(end, "line end", 10) for end in saved["line_ends"]),
    )


def _vocabulary(saved: Any) -> list[str]:
    if not isinstance(saved, list) or len(saved) < 2 or len(set(saved)) < len(saved):
        raise ValueError("its vocabulary is no list of different characters")
    if any(not isinstance(character, str) or len(character) != 1 for character in saved):
        raise ValueError("an entry of the vocabulary is not one character")
    return saved


def _counts(saved: Any, characters: int) -> list[int]:
    if not isinstance(saved, list) or len(saved) != characters:
        raise ValueError("its counts are not those of its vocabulary")
    found = [validity.whole(count, "count", most=_MOST_CHARACTERS) for count in saved]
    validity.whole(sum(found), "sum of counts", 1, _MOST_CHARACTERS)
    return found


def _switch(step: Any, optimizer: Any) -> Switch:
    return Switch(
        validity.whole(step, "switch of the optimizer"), validity.text(optimizer, "optimizer")
    )


def _reading(saved: Mapping[str, Any]) -> Reading:
    """Raises SettingsError, a ValueError, where nothing can be read so."""
    return Reading(
        str(saved["encoding"]),
        str(saved["newlines"]),
        bool(saved["fold_case"]),
        bool(saved["lines"]),
        int(saved.get("limit", 0)),
    )
