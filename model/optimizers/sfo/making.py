"""SFO for a text, and how large its state becomes."""

from __future__ import annotations

from model.dealing import automatic_count
from model.optimizers.problem import Options, Problem
from model.optimizers.sfo.optimizer import SFO
from model.optimizers.sfo.quadratics import quadratics_bytes
from model.optimizers.sfo.subspace import subspace_sizes

_HISTORY_TERMS = 10


def make(problem: Problem) -> SFO:
    """SFO on minibatches of contexts. Options: minibatches, history_terms."""
    return SFO(
        problem.sum_objective(_parts(len(problem.table.contexts), problem.options)),
        problem.theta0,
        max_history_terms=_history(problem.options),
        seed=problem.seed,
        begins_anew=True,
    )


def state_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the quadratic models, the basis of the subspace, and four points."""
    parts = _parts(contexts, options)
    _, capacity = subspace_sizes(parameter_count, parts)
    points = 3 * parameter_count + capacity
    basis = lent_bytes(parameter_count, contexts, options)
    return basis + 8 * points + quadratics_bytes(parts, capacity, _history(options))


def lent_bytes(parameter_count: int, contexts: int, options: Options) -> int:
    """Of the state, the basis, which is written without being copied."""
    _, capacity = subspace_sizes(parameter_count, _parts(contexts, options))
    return 0 if capacity == parameter_count else 8 * capacity * parameter_count


def _parts(contexts: int, options: Options) -> int:
    return min(options.get("minibatches") or automatic_count(contexts), contexts)


def _history(options: Options) -> int:
    return options.get("history_terms") or _HISTORY_TERMS
