"""What a person can choose about a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from charembed_tui.settings.fields import Checked, Choice, Field, Number
from model.corpus import Corpus
from model.dataset import Dataset
from model.families import registry as families
from model.families.base import Model
from model.families.ensemble.settings import AUTO, OFF, EnsembleSettings
from model.families.ngrams.limits import LONGEST, SMOOTHINGS
from model.optimizers import registry as optimizers
from model.optimizers.nothing import NAME as COUNTING
from model.precision import AUTO as AUTO_PRECISION
from model.precision import PRECISIONS, automatic

_EARLIER_DECAY = 0.05  # of a network's weights, where nobody had chosen one


@dataclass(frozen=True)
class TrainingSettings(Checked):
    """Choices for one training run.

    Attributes:
        model: name of the model's family.
        context_length: how many characters the model sees (M).
        embedding_size: components of a character's embedding (H).
        hidden: units in each hidden layer of a network.
        layers: hidden layers of a network.
        activation: of a network's hidden units.
        dropout: share of the hidden activations that is left out at random in training.
        order: length of the longest n-grams, where the family is n-grams; 0 for the best one of
            the training text.
        smoothing: of n-grams.
        mix_ngrams: order of the n-grams beside a family, with a learned gate between both; 0 for
            none, -1 for the best one of the training text.
        cache: how many characters a cache on top of all looks back; 0 for none, -1 for what did
            best on training text.
        prior: strength of a Gaussian prior on the parameters, in nats of the whole text.
        optimizer: its name in the registry, or "auto".
        minibatches: how many subfunctions SFO deals the text out to (N), at most one a context;
            0 for the number that serves it best.
        history_terms: pairs of step and gradient change kept, by SFO for each minibatch.
        batch: positions in a mini-batch, for Adam and SGD on families that are trained on some; 0
            for what suits family and text.
        learning_rate: of Adam and SGD; 0 for the optimizer's own default.
        weight_decay: of a model's matrices, for Adam and SGD; -1 for what suits the family.
        clip: longest gradient for Adam and SGD, longer ones are made as short; 0 for no limit.
        anneal_seconds: of training over which the learning rate falls to zero, for families that
            are trained on mini-batches; then the run is finished. 0 for never.
        anneal_steps: the same in steps, which goes before seconds; 0 for not in steps.
        patience: seconds of training without a lower held-out loss after which a run is finished;
            0 for never.
        held_out: percent of the text, at its end, that is never trained on but measured; of a
            list, percent of its lines, drawn at random.
        minimum_count: characters that occur less often are one symbol; 1 keeps all.
        seed: of the starting parameters, the dealing, all of the optimizer's choices, and the
            drawing of lines to hold out.
        precision: in which gradients of log-bilinear models are computed; "auto" for what suits the
            context length. Losses that are measured are float64 in either case.

    Raises:
        SettingsError: a value is out of its range.
    """

    # The upper bounds are where a terminal laboratory ends, not the model: beyond them a step
    # takes longer than anybody watches.
    FIELDS: ClassVar[dict[str, Field]] = {
        "model": Choice("model", families.names),
        "context_length": Number("context length", 1, 32),
        "embedding_size": Number("embedding size", 2, 512),
        "hidden": Number("hidden units", 1, 4096),
        "layers": Number("hidden layers", 1, 3),
        "activation": Choice("activation", ("relu", "tanh")),
        "dropout": Number("dropout", 0, 0.95, float),
        "order": Number("order", 1, LONGEST, word="auto"),
        "smoothing": Choice("smoothing", SMOOTHINGS),
        "mix_ngrams": Number(
            "n-grams beside", 1, LONGEST, word="off", other_word="auto", other_value=AUTO
        ),
        "cache": Number("cache", 1, 1_000_000, word="off", other_word="auto", other_value=AUTO),
        "prior": Number("prior", 0, 1e6, float),
        "optimizer": Choice("optimizer", optimizers.names),
        "minibatches": Number("minibatches", 1, 1000, word="auto"),
        "history_terms": Number("history terms", 1, 50),
        "batch": Number("mini-batch", 1, 1 << 20, word="auto"),
        "learning_rate": Number("learning rate", 1e-9, 100, float, word="auto"),
        "weight_decay": Number("weight decay", 0, 10, float, word="auto", word_value=-1),
        "clip": Number("clip gradients", 1e-9, 1e9, float, word="off"),
        "anneal_seconds": Number("anneal, s", 1, 1e6, float, word="never"),
        "anneal_steps": Number("anneal, steps", 1, 10**9, word="off"),
        "patience": Number("patience, s", 1, 1e6, float, word="off"),
        "held_out": Number("held out, %", 0, 90),
        "minimum_count": Number("minimum count", 1, 10**9),
        "seed": Number("seed", 0, 2**32 - 1),
        "precision": Choice("precision", PRECISIONS, has_field=False),
    }

    model: str = "log-bilinear"
    context_length: int = 3
    embedding_size: int = 5
    hidden: int = 1024
    layers: int = 1
    activation: str = "relu"
    dropout: float = 0.4
    order: int = 0
    smoothing: str = SMOOTHINGS[0]
    mix_ngrams: int = OFF
    cache: int = OFF
    prior: float = 1.0
    optimizer: str = "auto"
    minibatches: int = 0
    history_terms: int = 6
    batch: int = 0
    learning_rate: float = 0.0
    weight_decay: float = -1.0
    clip: float = 0.0
    anneal_seconds: float = 300.0
    anneal_steps: int = 0
    patience: float = 60.0
    held_out: int = 10
    minimum_count: int = 1
    seed: int = 0
    precision: str = AUTO_PRECISION

    def chosen_optimizer(self, contexts: int, vocabulary_size: int) -> str:
        """The optimizer; what "auto" stands for on a text with so many different contexts."""
        family = families.find(self.model)
        if family.counts:
            return COUNTING
        return optimizers.chosen(self.optimizer, contexts, vocabulary_size, family.optimizer)

    def optimizer_options(self) -> dict[str, Any]:
        """The settings that belong to the optimizer, for `model.optimizers.registry`."""
        names = optimizers.own_settings(self.optimizer, families.find(self.model).optimizer)
        return {name: getattr(self, name) for name in names}

    @classmethod
    def of_family(cls, family: str) -> Self:
        """What suits a family of models before anybody chose. Raises SettingsError."""
        return cls().with_family(family)

    @classmethod
    def to_watch(cls) -> Self:
        """What the app begins with: where training waits to be watched, the race is moot.

        Scaled SFO had a lower loss than SFO after 50 and 100 steps on every sample text and on
        names. It never says that it has converged, so its patience ends the run.
        """
        return cls(optimizer="scaled SFO", patience=6.0)

    def with_family(self, family: str) -> Self:
        """The same with another family of models, and the sizes and optimizer that suit it."""
        found = families.find(family)
        suited: dict[str, Any] = {}
        if found.optimizer:
            suited = {"optimizer": optimizers.AUTO, "patience": type(self).patience}
        return replace(self, model=family, **{**suited, **found.defaults})

    @classmethod
    def from_saved(cls, values: Mapping[str, Any]) -> Self:
        """Settings of a run, as it saved them.

        Those of before families had names had no prior, and all were float64 before it was chosen.
        Mini-batches had one size before it was a setting, and a network's weights decayed less.
        """
        if "model" not in values:
            values = {**values, "prior": 0.0, "patience": 0.0}
        settings = cls.from_mapping(values)
        if "precision" not in values and automatic(settings.context_length) != "float64":
            settings = replace(settings, precision="float64")
        advice = families.find(settings.model).advice
        if "batch" not in values:
            settings = replace(settings, batch=advice.batch)
            if advice.batch and settings.weight_decay < 0:
                settings = replace(settings, weight_decay=_EARLIER_DECAY)
        return settings

    @property
    def ensemble(self) -> EnsembleSettings:
        """What goes with the family. Counts beside counts would say the same twice."""
        counts = families.find(self.model).counts
        return EnsembleSettings(OFF if counts else self.mix_ngrams, self.cache)

    @property
    def needs_text(self) -> bool:
        """Whether parameters alone say nothing: something is counted in the training text."""
        return families.find(self.model).counts or bool(self.ensemble)

    def make_model(self, vocabulary_size: int) -> Model:
        """The model these settings describe, for a text with V different characters."""
        family = families.find(self.model)
        own = {name: getattr(self, name) for name in family.settings}
        return family.make(vocabulary_size, self.context_length, **own)

    def prepare(self, source: Corpus) -> Dataset:
        """A text as these settings have it learned: merged, and split in two.

        Raises:
            CorpusError: the minimum count leaves too few characters.
        """
        return Dataset.prepare(
            source,
            held_out=self.held_out / 100,
            minimum_count=self.minimum_count,
            context_length=self.context_length,
            seed=self.seed,
        )


def optimizer_settings() -> tuple[str, ...]:
    """The settings that only some optimizers have, and the one that says which it is."""
    own = {s for name in optimizers.names() for s in optimizers.own_settings(name)}
    return ("optimizer", *sorted(own))


def belongs(name: str, optimizer: str, model: str) -> bool:
    """Whether a setting means anything to an optimizer and a family of models."""
    family = families.find(model)
    if family.counts and name in ("mix_ngrams", *optimizer_settings()):
        return False
    if name in family.without:
        return False
    if name in optimizer_settings() and name not in (
        "optimizer",
        *optimizers.own_settings(optimizer, family.optimizer),
    ):
        return False
    some = {s for each in families.names() for s in families.find(each).own_settings}
    return name not in some or name in family.own_settings


def changed(settings: TrainingSettings, *usual: TrainingSettings) -> dict[str, str]:
    """What differs from the defaults, as shown, without what belongs to another choice.

    Args:
        settings: to describe.
        usual: other defaults, before they are fitted to the family: their values are none to tell.
    """
    defaults = [
        replace(each.with_family(settings.model), model=TrainingSettings.model)
        for each in (TrainingSettings(), *usual)
    ]
    return {
        name: field.text_of(getattr(settings, name))
        for name, field in settings.FIELDS.items()
        if getattr(settings, name) not in [getattr(default, name) for default in defaults]
        and belongs(name, settings.optimizer, settings.model)
    }
