"""The engine of charembed-tui: character models and their optimizers.

It knows no screen and no thread and can be used as a library::

    corpus -> n-gram table -> objective -> optimizer -> predictor -> text

>>> import numpy as np
>>> from model import Corpus, LogBilinear, count_ngrams, generate
>>> from model.optimizers import LBFGS
>>> corpus = Corpus.from_text("abcabcabcabc" * 10)
>>> table = count_ngrams(corpus.codes, vocabulary_size=3, context_length=2)
>>> model = LogBilinear(vocabulary_size=3, context_length=2, embedding_size=2)
>>> theta0 = model.initial(np.random.default_rng(0))
>>> optimizer = LBFGS(model.objective(table), theta0)
>>> for _ in range(60):
...     result = optimizer.step()
>>> result.value < 1e-3  # nats per character: after two characters the third is certain
True
>>> predictor = model.predictor(optimizer.theta)
>>> "".join(generate(predictor, corpus.vocabulary, "ab", 6, seed=0))
'cabcab'

Here are the names one begins with: `model.corpus.Corpus`, `model.dataset.Dataset`,
`model.counting.count_ngrams`, `model.ngrams.NgramTable`,
`model.families.log_bilinear.shape.LogBilinear`, `model.sampling.generate`, and the errors
of `model.errors`.

Read `model.families.base` for what a model is, `model.families.log_bilinear` for the first of them
and its loss, and `model.optimizers` for the training; README.md beside this file has the rooms, the
way of a text through them, and an order to read them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.lazy import late_names

# No __all__: pdoc would look for these names before anybody has asked for them.
if TYPE_CHECKING:
    from model.corpus import Corpus as Corpus
    from model.counting import count_ngrams as count_ngrams
    from model.dataset import Dataset as Dataset
    from model.errors import CharembedError as CharembedError
    from model.errors import CorpusError as CorpusError
    from model.errors import OptimizerError as OptimizerError
    from model.errors import SettingsError as SettingsError
    from model.families.log_bilinear.shape import LogBilinear as LogBilinear
    from model.ngrams import NgramTable as NgramTable
    from model.sampling import generate as generate
else:  # hidden from type checkers, which would believe in any name
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "CharembedError": "errors",
            "Corpus": "corpus",
            "CorpusError": "errors",
            "Dataset": "dataset",
            "LogBilinear": "families.log_bilinear.shape",
            "NgramTable": "ngrams",
            "OptimizerError": "errors",
            "SettingsError": "errors",
            "count_ngrams": "counting",
            "generate": "sampling",
        },
    )
