"""What hyperparameters cost on a text, in words."""

from __future__ import annotations

from dataclasses import replace

from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.cost import Cost, estimate_contexts
from model.dealing import automatic_count
from model.families import registry as families
from model.families.ensemble.settings import AUTO, MOST_COUNTED, EnsembleSettings
from model.families.ngrams.cost import ngram_cost
from model.families.ngrams.limits import LONGEST
from model.optimizers import registry

_STEP_OVERHEAD = 2e-4  # seconds outside the objective
_TIMES_COUNTED, _COUNTED_AT_ONCE = 5, 3  # n-grams beside a family, on two cores
_EVIDENCE_BYTES = 150_000_000  # distributions at positions set aside, and what gates see of them


class CostHint:
    """Costs for one text; the contexts of each context length are estimated once.

    Args:
        corpus: the text.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._contexts: dict[int, int] = {}

    def cost(self, settings: TrainingSettings) -> Cost:
        """The estimate of the model on the text, with the optimizer's state.

        The state counts twice, since a checkpoint is written from a copy of it.
        """
        cost, more = self._model_cost(settings), self._ensemble_cost(settings.ensemble)
        return replace(
            cost,
            bytes=cost.bytes + 2 * self.state_bytes(settings) + more.bytes,
            counting_seconds=cost.counting_seconds + more.counting_seconds,
        )

    def state_bytes(self, settings: TrainingSettings) -> int:
        """The optimizer's state, which is what a checkpoint holds of it."""
        cost = self._model_cost(settings)
        if not cost.parameters:
            return 0
        name = settings.chosen_optimizer(cost.contexts, len(self.corpus.vocabulary))
        options = settings.optimizer_options()
        return registry.state_bytes(name, cost.parameters, cost.contexts, options)

    def _model_cost(self, settings: TrainingSettings) -> Cost:
        model = settings.make_model(len(self.corpus.vocabulary))
        return model.cost(self._contexts_of(model.context_length))

    def _contexts_of(self, length: int) -> int:
        if length not in self._contexts:
            size = len(self.corpus.vocabulary)
            self._contexts[length] = estimate_contexts(self.corpus.sequences, size, length)
        return self._contexts[length]

    def _ensemble_cost(self, settings: EnsembleSettings) -> Cost:
        """What goes with a family: it is counted several times, at most two of them at once."""
        if not settings:
            return Cost(0, 0, 0.0, 0)
        order = LONGEST if settings.ngrams == AUTO else settings.ngrams
        share = min(1.0, MOST_COUNTED / max(1, len(self.corpus)))
        counting = ngram_cost(int(share * self._contexts_of(order - 1)) if order > 1 else 0)
        return replace(
            counting,
            bytes=_COUNTED_AT_ONCE * counting.bytes + _EVIDENCE_BYTES,
            counting_seconds=_TIMES_COUNTED * counting.counting_seconds,
        )

    def tell(self, settings: TrainingSettings) -> str:
        """Parameters, contexts, milliseconds a step, megabytes; two lines."""
        cost = self.cost(settings)
        counting = f", {cost.counting_seconds:,.1f} s to count" if cost.counting_seconds else ""
        memory = f"{cost.bytes / 1e6:,.0f} MB{counting}"
        if not cost.parameters:
            return f"nothing to train, {cost.contexts:,} contexts\n≈ {memory}"
        seconds = cost.gradient_seconds
        chosen = settings.chosen_optimizer(cost.contexts, len(self.corpus.vocabulary))
        if chosen.endswith("SFO"):
            seconds /= settings.minibatches or automatic_count(cost.contexts)
        elif not chosen.endswith("L-BFGS"):
            batch = families.find(settings.model).advice.batch or len(self.corpus)
            seconds *= min(1.0, batch / max(1, len(self.corpus)))
        milliseconds = 1e3 * (seconds + _STEP_OVERHEAD)
        return (
            f"{cost.parameters:,} parameters, {cost.contexts:,} contexts\n"
            f"≈ {milliseconds:,.1f} ms a step, {memory}"
        )
