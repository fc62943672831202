"""`charembed evaluate`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from charembed_tui.cli.exit_status import DONE
from charembed_tui.runs.catalogue import find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.predictors import SavedModel
from charembed_tui.settings.text_options import reading_changes
from charembed_tui.text.glyphs import glyph, visible
from model.corpus import Corpus
from model.errors import CorpusError
from model.measuring import Measured, in_all, measure
from model.texts.sources import find_sources, title

_MOST_NAMED = 12


def run(options: argparse.Namespace) -> int:
    """The surprise at texts, at each and at all."""
    names, folder = _texts_and_run(options.texts)
    configuration = folder.configuration
    settings, vocabulary = configuration.settings, configuration.vocabulary
    predictor = SavedModel(folder).predictor(options.at)
    reading = replace(configuration.reading, **reading_changes(options))
    sources = find_sources(names)
    each, skipped = [], []
    for source in sources:
        try:
            corpus = Corpus.from_sources([source], source.name, reading)
            corpus.require_text("measuring a run on it")
        except CorpusError as error:
            if source.was_named:
                raise
            skipped.append(str(error))
            continue
        each.append(
            measure(
                predictor,
                corpus,
                vocabulary,
                sum(configuration.counts),
                has_merged=settings.minimum_count > 1,
            )
        )
    if not each:
        raise CorpusError(skipped[0])
    whole = in_all(each, title(names, sources))
    if options.json:
        facts = {"run": folder.path.name, **_facts(whole), "skipped": skipped}
        print(json.dumps({**facts, "texts": [_facts(measured) for measured in each]}))
        return DONE
    for reason in skipped:
        print(f"left out: {visible(reason)}")
    for measured in each if len(each) > 1 else ():
        print(f"{visible(measured.name)}: {_summary(measured)}")
    print("\n".join(_lines(whole)))
    return DONE


def _texts_and_run(names: Sequence[str]) -> tuple[Sequence[str], RunFolder]:
    """The texts, and the run that the last name may be. Raises RunError, CorpusError."""
    if len(names) == 1:
        return names, find_run(None)
    try:
        return names[:-1], find_run(names[-1])
    except RunError:
        if os.path.exists(names[-1]):
            return names, find_run(None)
        raise


def _facts(measured: Measured) -> dict[str, Any]:
    return {
        "text": measured.name,
        "characters": measured.characters,
        "positions": measured.known,
        "nats_per_character": measured.nats_per_known,
        "unknown": measured.unknown_count,
        "unknown_characters": dict(measured.unknown),
        "nats_per_character_charged": measured.nats_per_character,
        "bytes": measured.bytes,
        "bits_per_byte": measured.bits_per_byte,
    }


def _summary(measured: Measured) -> str:
    unknown = f", {measured.unknown_count:,} unknown" if measured.unknown else ""
    return (
        f"{measured.nats_per_character:.4f} nats per character over {measured.characters:,} "
        f"characters{unknown}, {measured.bits_per_byte:.4f} bits per byte"
    )


def _lines(measured: Measured) -> list[str]:
    loss = measured.nats_per_known
    known = "no known characters"
    if loss is not None:
        known = f"{loss:.4f} nats per character over {measured.known:,} positions"
    found = [known]
    if measured.unknown:
        often = sorted(measured.unknown.items(), key=lambda item: (-item[1], item[0]))
        named = " ".join(glyph(character) for character, _ in often[:_MOST_NAMED])
        found.append(
            f"{measured.unknown_count:,} characters that the run does not know, "
            f"{len(often):,} different: {named}{' …' if len(often) > _MOST_NAMED else ''}"
        )
        found.append(
            f"{measured.nats_per_character:.4f} nats per character over all, the unknown ones "
            "charged for as if spelled out: an escape, then one of Unicode's characters"
        )
    found.append(f"{measured.bits_per_byte:.4f} bits per byte of UTF-8, {measured.bytes:,} bytes")
    return found
