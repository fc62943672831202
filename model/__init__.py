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

Read `families.base` for what a model is, `families.log_bilinear` for the first of them and its
loss, and `optimizers` for the training.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.corpus import Corpus
    from model.counting import count_ngrams
    from model.dataset import Dataset
    from model.errors import CharembedError, CorpusError, OptimizerError, SettingsError
    from model.families.log_bilinear.shape import LogBilinear
    from model.ngrams import NgramTable
    from model.sampling import generate

__all__ = [
    "CharembedError",
    "Corpus",
    "CorpusError",
    "Dataset",
    "LogBilinear",
    "NgramTable",
    "OptimizerError",
    "SettingsError",
    "count_ngrams",
    "generate",
]

# Imported when they are first asked for: scipy takes longer to load than a program to start.
_HOMES = {
    "Corpus": "corpus",
    "CharembedError": "errors",
    "CorpusError": "errors",
    "OptimizerError": "errors",
    "SettingsError": "errors",
    "LogBilinear": "families.log_bilinear.shape",
    "NgramTable": "ngrams",
    "count_ngrams": "counting",
    "Dataset": "dataset",
    "generate": "sampling",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"model.{_HOMES[name]}"), name)
