"""What a run leaves behind for other programs: vectors, losses, the recording, its settings."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from charembed_tui import __version__
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.text.glyphs import classify, glyph
from charembed_tui.training.snapshot import Snapshot
from charembed_tui.training.trajectory import Frame
from model.corpus import Corpus


def export_run(
    folder: Path,
    corpus: Corpus,
    settings: TrainingSettings,
    snapshot: Snapshot,
    frames: Sequence[Frame],
) -> None:
    """Write a run to a folder.

    - `export.json`: settings, the text's name, counts and fingerprint, step and losses.
    - `vectors.tsv`, `metadata.tsv`: one row a character; the Embedding Projector opens both.
    - `loss.tsv`: step, seconds, passes, training and held-out loss in nats per character.
    - `recording.npz`: the vocabulary's code points, steps (F,) and parameters (F, D); read it with
      `numpy.load`, no pickle.

    Raises:
        OSError: the folder cannot be written to.
    """
    if snapshot.theta is None:
        return
    write_vectors(folder, snapshot.model.embeddings(snapshot.theta), corpus.vocabulary)
    _write_lines(folder / "loss.tsv", _losses(snapshot))
    recording = io.BytesIO()
    np.savez_compressed(
        recording,
        vocabulary=np.array([ord(c) for c in corpus.vocabulary], dtype=np.uint32),
        steps=np.array([frame.step for frame in frames]),
        theta=np.stack([frame.theta for frame in frames]),
    )
    write_whole(folder / "recording.npz", recording.getvalue())
    # Last, so that a folder with it is complete.
    run = {
        "charembed_tui": __version__,
        "corpus": {
            "name": corpus.name,
            "characters": len(corpus),
            "vocabulary": len(corpus.vocabulary),
            "sha256_of_codes": hashlib.sha256(corpus.codes.tobytes()).hexdigest(),
        },
        "settings": asdict(settings),
        "positions": snapshot.facts.positions if snapshot.facts else None,
        "step": snapshot.step,
        "nats_per_character": {
            "training": snapshot.loss,
            "held_out": snapshot.held_out,
            "held_out_with_all_that_goes_with_it": snapshot.ensemble_loss,
        },
    }
    text = json.dumps(run, indent=2, ensure_ascii=False)
    write_whole(folder / "export.json", text.encode("utf-8", "backslashreplace") + b"\n")


def write_vectors(folder: Path, embeddings: NDArray[np.float64], vocabulary: Sequence[str]) -> None:
    """Write `vectors.tsv` and `metadata.tsv`, one row a character. Raises OSError."""
    rows = ["\t".join(f"{x:.9g}" for x in row) for row in embeddings]
    names = ["character\tcode point\tclass"] + [
        f"{glyph(c)}\tU+{ord(c):04X}\t{classify(c).value}" for c in vocabulary
    ]
    _write_lines(folder / "vectors.tsv", rows)
    _write_lines(folder / "metadata.tsv", names)


def _losses(snapshot: Snapshot) -> list[str]:
    """Return the curves as rows; the held-out loss is empty where there is none."""
    held_out = dict(snapshot.held_out_curve.rows()[:, [0, 3]].tolist())
    rows = ["step\tseconds\tpasses\ttraining\theld out"]
    for step, seconds, passes, loss in snapshot.curve.rows().tolist():
        other = f"{held_out[step]:.9g}" if step in held_out else ""
        rows.append(f"{int(step)}\t{seconds:.6g}\t{passes:.6g}\t{loss:.9g}\t{other}")
    return rows


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    write_whole(path, ("\n".join(lines) + "\n").encode())
