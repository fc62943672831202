"""What hyperparameters cost on a text, in words."""

from __future__ import annotations

from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.cost import AUTOMATIC_MINIBATCHES, Cost, estimate, estimate_contexts

_STEP_OVERHEAD = 2e-4  # seconds outside the objective


class CostHint:
    """Costs for one text; the contexts of each context length are estimated once.

    Args:
        corpus: the text.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._contexts: dict[int, int] = {}

    def cost(self, settings: TrainingSettings) -> Cost:
        """The estimate of `model.cost`."""
        size, m = len(self.corpus.vocabulary), settings.context_length
        if m not in self._contexts:
            self._contexts[m] = estimate_contexts(self.corpus.codes, size, m)
        return estimate(settings.model(size), self._contexts[m], settings.history_terms)

    def tell(self, settings: TrainingSettings) -> str:
        """Parameters, contexts, milliseconds a step, megabytes; two lines."""
        cost = self.cost(settings)
        seconds = cost.gradient_seconds
        chosen = settings.chosen_optimizer(cost.contexts, len(self.corpus.vocabulary))
        if chosen.endswith("SFO"):
            seconds /= settings.minibatches or AUTOMATIC_MINIBATCHES
        milliseconds = 1e3 * (seconds + _STEP_OVERHEAD)
        return (
            f"{cost.parameters:,} parameters, {cost.contexts:,} contexts\n"
            f"≈ {milliseconds:,.1f} ms a step, {cost.bytes / 1e6:,.0f} MB"
        )
