"""What hyperparameters cost on a text, in numbers and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.step_trial import part_seconds
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.cost import Cost, TextSize
from model.dealing import automatic_count
from model.families import registry as families
from model.families.base import Model
from model.families.ensemble.settings import (
    AUTO,
    MOST_CELLS_ASIDE,
    MOST_COUNTED,
    OFF,
    EnsembleSettings,
)
from model.families.ngrams.cost import ngram_cost
from model.families.ngrams.limits import LONGEST
from model.families.set_aside import fraction_aside
from model.optimizers import registry
from model.optimizers.problem import Options

_STEP_OVERHEAD = 2e-4  # seconds outside the objective
# Bytes of an optimizer's state that a second goes over; a history of searches is read five times.
_STATE_SPEED, _HISTORY_SPEED = 1.2e10, 3e9
_PROGRAM_BYTES, _SEARCH_BYTES = 72_000_000, 16_000_000  # with numpy and scipy; what searches
_SCREEN_BYTES = 45_000_000  # Textual, what it draws, and what a person has asked for
_BYTES_PER_CHARACTER = 10  # of a text and its codes
_VALUE = 0.45  # of what a value with its gradient takes, without it
# Of parameters, beside the optimizer's: the best, gradients, scales; the best, gradients, pictures.
_VECTORS, _VECTORS_IN_BATCHES = 8, 4
_TIMES_COUNTED, _COUNTED_AT_ONCE = 5, 3  # n-grams beside a family, on two cores
_BYTES_ASIDE = 20  # of each part, for each probability at positions set aside


class CostHint:
    """Costs for one text, whose size is estimated once for each context length.

    All of it takes a moment: it is for threads that nobody waits for.

    Args:
        corpus: the text.
        trajectory: what a run is recorded in.
        with_screen: whether the process has an interface, too.
    """

    def __init__(
        self, corpus: Corpus, trajectory: Trajectory | None = None, *, with_screen: bool = False
    ) -> None:
        self.corpus = corpus
        self._screen_bytes = _SCREEN_BYTES * with_screen
        self._trajectory = trajectory or Trajectory()
        self._sizes: dict[int, TextSize] = {}
        self._trials: dict[tuple[object, ...], float] = {}

    def cost(self, settings: TrainingSettings) -> Cost:
        """The estimate of a whole process that trains the model on the text.

        Its memory is the most that it has at a time: while it counts, or while it trains, or writes
        a checkpoint from a copy of the optimizer's state.
        """
        model = self._model(settings)
        text, more = self.size(model.context_length), self._ensemble_cost(settings.ensemble)
        cost, parts = model.cost(text), self._parts(settings)
        objectives, evaluation = cost.bytes, cost.evaluation_bytes
        if parts > 1:  # of the whole only the value is asked for
            part = model.cost(self._part(settings))
            objectives += parts * part.bytes
            evaluation = int(max(_VALUE * evaluation, part.evaluation_bytes))
        vectors = _VECTORS_IN_BATCHES if self._is_in_batches(settings) else _VECTORS
        at_work = (
            8 * vectors * cost.parameters
            + self._trajectory.bytes_of(cost.parameters)
            + self.state_bytes(settings)
            + max(evaluation, self._of_optimizer(registry.copied_bytes, settings))
        )
        training = text.table_bytes + objectives + max(at_work, cost.dealing_bytes)
        base = self.present_bytes + self._screen_bytes + more.bytes
        base += _SEARCH_BYTES * self._searches(settings)
        return replace(
            cost,
            bytes=base + int(max(training, text.counting_bytes)),
            counting_seconds=cost.counting_seconds + more.counting_seconds,
        )

    @property
    def present_bytes(self) -> int:
        """What of every estimate is there before anything is counted: the program and the text."""
        return _PROGRAM_BYTES + _BYTES_PER_CHARACTER * len(self.corpus.codes)

    def state_bytes(self, settings: TrainingSettings) -> int:
        """The optimizer's state, which is what a checkpoint holds of it."""
        return self._of_optimizer(registry.state_bytes, settings)

    def step_seconds(self, settings: TrainingSettings) -> float:
        """How long a step takes on this machine, by a trial on a little of the text."""
        model, parts = self._model(settings), self._parts(settings)
        part, family = self._part(settings), families.find(settings.model)
        in_batches = self._is_in_batches(settings)
        own = (getattr(settings, name) for name in family.settings)
        key = (settings.model, model.context_length, *own, parts, in_batches)
        if key not in self._trials:
            self._trials[key] = part_seconds(model, self.corpus, part, in_batches=in_batches)
        searches = self._searches(settings)
        speed = _HISTORY_SPEED if searches else _STATE_SPEED
        overhead = _STEP_OVERHEAD + self.state_bytes(settings) / speed
        return (family.searches if searches else 1.0) * self._trials[key] + overhead

    def size(self, context_length: int) -> TextSize:
        """How much there is to count in the text. Raises SettingsError where it was counted."""
        if context_length not in self._sizes:
            vocabulary, counted = len(self.corpus.vocabulary), self.corpus.counted
            if counted is not None:
                counted.require_context_length(context_length)
                size = TextSize.of(counted.training, context_length)
            else:
                size = TextSize.estimated(self.corpus.sequences, vocabulary, context_length)
            self._sizes[context_length] = size
        return self._sizes[context_length]

    def _model(self, settings: TrainingSettings) -> Model:
        return settings.make_model(len(self.corpus.vocabulary))

    def _chosen(self, settings: TrainingSettings) -> str:
        contexts = self.size(self._model(settings).context_length).contexts
        return settings.chosen_optimizer(contexts, len(self.corpus.vocabulary))

    def _has(self, setting: str, settings: TrainingSettings) -> bool:
        """Whether the optimizer is one that has a setting."""
        return setting in registry.own_settings(self._chosen(settings))

    def _searches(self, settings: TrainingSettings) -> bool:
        """Whether the optimizer searches along lines, on the whole text."""
        model = self._model(settings)
        return bool(model.parameter_count) and not (
            self._has("minibatches", settings) or self._has("learning_rate", settings)
        )

    def _parts(self, settings: TrainingSettings) -> int:
        """How many parts the loss is computed in; 1 where a step takes the whole."""
        model = self._model(settings)
        if not model.parameter_count:
            return 1
        text = self.size(model.context_length)
        if self._has("minibatches", settings):
            return min(text.contexts, settings.minibatches or automatic_count(text.contexts))
        if not self._has("learning_rate", settings):
            return 1
        advice = families.find(settings.model).advice
        return advice.on(text.positions, settings.batch).parts(text.positions)

    def _is_in_batches(self, settings: TrainingSettings) -> bool:
        """Whether a step takes some positions of many."""
        return self._parts(settings) > 1 and not self._has("minibatches", settings)

    def _part(self, settings: TrainingSettings) -> TextSize:
        """One of the parts: of contexts, or of positions where a family likes mini-batches."""
        share, family = 1 / self._parts(settings), families.find(settings.model)
        text = self.size(self._model(settings).context_length)
        return text.drawn(share) if family.advice.batch else text.scaled(share)

    def _of_optimizer(
        self, count: Callable[[str, int, int, Options], int], settings: TrainingSettings
    ) -> int:
        model = self._model(settings)
        if not model.parameter_count:
            return 0
        contexts = self.size(model.context_length).contexts
        in_batches = bool(families.find(settings.model).advice.batch)
        options = {**settings.optimizer_options(), "in_batches": in_batches}
        return count(self._chosen(settings), model.parameter_count, contexts, options)

    def _ensemble_cost(self, settings: EnsembleSettings) -> Cost:
        """What goes with a family: it is counted several times, at most two of them at once."""
        if not settings:
            return Cost(0, 0, 0.0, 0)
        characters = len(self.corpus)
        aside = fraction_aside(characters) * characters * len(self.corpus.vocabulary)
        parts = (settings.ngrams != OFF) + (settings.cache != OFF)
        evidence = int(_BYTES_ASIDE * parts * min(aside, MOST_CELLS_ASIDE))
        order = LONGEST if settings.ngrams == AUTO else settings.ngrams
        if order < 2:
            return Cost(0, 0, 0.0, evidence)
        share = min(1.0, MOST_COUNTED / max(1, characters))
        counting = ngram_cost(self.size(order - 1).scaled(share))
        return replace(
            counting,
            bytes=_COUNTED_AT_ONCE * counting.bytes + max(evidence, counting.evaluation_bytes),
            counting_seconds=_TIMES_COUNTED * counting.counting_seconds,
        )

    def describe(self, settings: TrainingSettings) -> str:
        """Parameters, contexts, milliseconds a step, megabytes; two lines.

        Raises:
            SettingsError: the text was counted, and not for contexts as long.
        """
        cost = self.cost(settings)
        counting = f", {cost.counting_seconds:,.1f} s to count" if cost.counting_seconds else ""
        memory = f"{cost.bytes / 1e6:,.0f} MB{counting}"
        if not cost.parameters:
            return f"nothing to train, {cost.contexts:,} contexts\n≈ {memory}"
        size = f"{cost.parameters:,} parameters, {cost.contexts:,} contexts"
        if self.size(self._model(settings).context_length).positions < 2:
            return size
        return f"{size}\n≈ {1e3 * self.step_seconds(settings):,.1f} ms a step, {memory}"
