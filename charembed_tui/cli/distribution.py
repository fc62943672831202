"""Where the parts of a training are computed: on a cluster, if that pays."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.errors import SettingsError
from model.families.base import Model, SumObjective


def distribution(
    options: argparse.Namespace, corpus: Corpus, settings: TrainingSettings, closing: ExitStack
) -> Callable[[Model, int], SumObjective] | None:
    """What makes objectives on the workers of a cluster; None where that does not pay.

    Args:
        options: of the command line.
        corpus: a counted table, whose file the workers see, too.
        settings: of the training.
        closing: leaves the cluster in the end.

    Raises:
        SettingsError: the text is no table, there is no cluster, or the settings change the table.
    """
    if corpus.counted is None or corpus.was_streamed:
        raise SettingsError(
            f"{corpus.name} is no table: charembed count makes one, whose parts workers can read."
        )
    if corpus.counted.context_length != settings.context_length or settings.minimum_count > 1:
        raise SettingsError(
            f"A cluster trains on a table as it is, with contexts of "
            f"{corpus.counted.context_length} characters and all of them: leave out "
            "--context-length and --minimum-count, or count the text again."
        )
    from model.streams.cluster import connect
    from model.streams.cluster_sum import ClusterSum

    client = closing.enter_context(connect(options.cluster, options.workers))
    workers = max(1, len(client.nthreads()))
    path = Path(corpus.files[0].path)
    model = settings.make_model(len(corpus.vocabulary))
    trial = ClusterSum(client, model, path, workers, settings.seed)

    def distribute(_: Model, parts: int) -> SumObjective:
        if parts <= workers:
            return trial  # whose parts are on the workers already
        return ClusterSum(client, model, path, parts, settings.seed)

    theta = model.initial(np.random.default_rng(settings.seed))
    part, round_trip = trial.costs(theta)
    pays = part > round_trip
    print(
        f"charembed: a part takes {1000 * part:.1f} ms, a round over {workers} workers "
        f"{1000 * round_trip:.1f} ms: {'they train' if pays else 'training here is faster'}",
        file=sys.stderr,
    )
    return distribute if pays else None
