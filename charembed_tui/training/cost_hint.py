"""What hyperparameters cost on a text, in words."""

from __future__ import annotations

from dataclasses import replace

from charembed_tui.settings.training_settings import TrainingSettings
from model.corpus import Corpus
from model.cost import Cost, estimate_contexts
from model.dealing import automatic_count
from model.families import registry as families
from model.optimizers import registry

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
        """The estimate of the model on the text, with the optimizer's state.

        The state counts twice, since a checkpoint is written from a copy of it.
        """
        cost = self._model_cost(settings)
        return replace(cost, bytes=cost.bytes + 2 * self.state_bytes(settings))

    def state_bytes(self, settings: TrainingSettings) -> int:
        """The optimizer's state, which is what a checkpoint holds of it."""
        cost = self._model_cost(settings)
        name = settings.chosen_optimizer(cost.contexts, len(self.corpus.vocabulary))
        options = settings.optimizer_options()
        return registry.state_bytes(name, cost.parameters, cost.contexts, options)

    def _model_cost(self, settings: TrainingSettings) -> Cost:
        size, m = len(self.corpus.vocabulary), settings.context_length
        if m not in self._contexts:
            self._contexts[m] = estimate_contexts(self.corpus.codes, size, m)
        return settings.make_model(size).cost(self._contexts[m])

    def tell(self, settings: TrainingSettings) -> str:
        """Parameters, contexts, milliseconds a step, megabytes; two lines."""
        cost = self.cost(settings)
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
            f"≈ {milliseconds:,.1f} ms a step, {cost.bytes / 1e6:,.0f} MB"
        )
