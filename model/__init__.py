"""The engine of charembed-tui: a log-bilinear character model and its optimizers.

It knows no screen and no thread and can be used as a library::

    corpus -> n-gram table -> objective -> optimizer -> text

Read `log_bilinear` for the model, `objective` for its loss and `optimizers` for the training.
"""

from model.corpus import Corpus
from model.errors import CharembedError, CorpusError, OptimizerError, SettingsError
from model.log_bilinear import LogBilinear
from model.ngrams import NgramTable, count_ngrams
from model.objective import Objective
from model.sampling import generate

__all__ = [
    "CharembedError",
    "Corpus",
    "CorpusError",
    "LogBilinear",
    "NgramTable",
    "Objective",
    "OptimizerError",
    "SettingsError",
    "count_ngrams",
    "generate",
]
