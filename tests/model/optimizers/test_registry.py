"""Optimizers by name: what they are made of, what they hold, and that any family will do."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bigrams import Bigrams
from problems import PLAY

from model.corpus import Corpus
from model.counting import count_ngrams
from model.errors import SettingsError
from model.families.base import Model
from model.families.log_bilinear.shape import LogBilinear
from model.optimizers import LBFGS, SFO, SGD, Adam, Scaled, registry
from model.optimizers.problem import Problem

CORPUS = Corpus.from_text(PLAY * 3)
SIZE = len(CORPUS.vocabulary)
TABLE = count_ngrams(CORPUS.codes, SIZE, 2)
NAMES = [name for name in registry.names() if name != "auto"]


def problem(model: Model, **options: Any) -> Problem:
    return Problem(
        model,
        TABLE,
        model.initial(np.random.default_rng(0)),
        lambda parts, *, noise=False: model.sum_objective(TABLE, parts, 0),
        seed=0,
        options=options,
    )


def array_bytes(state: Any) -> int:
    """Of its arrays in memory: what is lent is a view of a part of one."""
    if isinstance(state, np.ndarray):
        return state.nbytes if state.base is None else state.base.nbytes
    if isinstance(state, Mapping):
        return sum(array_bytes(entry) for entry in state.values())
    return 0


@pytest.mark.parametrize(
    "model", [LogBilinear(SIZE, 2, 3), Bigrams(SIZE, 2)], ids=["log-bilinear", "bigrams"]
)
@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_learns_every_family(name: str, model: Model) -> None:
    made = problem(model)
    optimizer = registry.make(name, made)
    objective = model.objective(TABLE)
    for _ in range(100):
        optimizer.step()
    assert objective.value(optimizer.theta) < objective.value(made.theta0) - 0.3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("sizes", "minibatches", "history"),
    [((2, 3), 5, 4), ((2, 3), 100, 2), ((3, 12), 20, 10), ((2, 3), 0, 6), ((1, 1), 3, 5)],
)
def test_the_state_is_as_large_as_estimated(
    name: str, sizes: tuple[int, int], minibatches: int, history: int
) -> None:
    model = LogBilinear(SIZE, *sizes)
    table = count_ngrams(CORPUS.codes, SIZE, model.context_length)
    options = {"minibatches": minibatches, "history_terms": history}
    optimizer = registry.make(
        name,
        Problem(
            model,
            table,
            model.initial(np.random.default_rng(0)),
            lambda parts, *, noise=False: model.sum_objective(table, parts, 0),
            options=options,
        ),
    )
    for _ in range(30):
        optimizer.step()
    found = array_bytes(optimizer.state_dict())
    contexts = len(table.contexts)
    estimate = registry.state_bytes(name, model.parameter_count, contexts, options)
    assert found / 1.3 < estimate < found * 1.3


def test_many_minibatches_with_long_histories_are_known_to_take_gigabytes() -> None:
    parameters = LogBilinear(60, 5, 16).parameter_count
    options = {"minibatches": 1000, "history_terms": 50}
    for name in ("SFO", "scaled SFO"):
        assert 4.5e9 < registry.state_bytes(name, parameters, 20_000, options) < 5.5e9
    assert registry.state_bytes("Adam", parameters, 20_000, options) < 1e6


@pytest.mark.parametrize(
    ("name", "kind"),
    [("SFO", SFO), ("L-BFGS", LBFGS), ("Adam", Adam), ("SGD", SGD), ("scaled SFO", Scaled)],
)
def test_names_are_those_of_the_classes(name: str, kind: type) -> None:
    assert isinstance(registry.make(name, problem(LogBilinear(SIZE, 2, 3))), kind)


def test_options_reach_the_optimizer() -> None:
    model = LogBilinear(SIZE, 2, 3)
    sfo = registry.make("SFO", problem(model, minibatches=7, history_terms=3))
    assert isinstance(sfo, SFO)
    assert sfo.models.steps.shape[:2] == (7, 3)
    assert len(registry.make("SFO", problem(model)).models.active) == 10  # type: ignore[attr-defined]
    adam = registry.make("Adam", problem(model, learning_rate=0.5))
    assert isinstance(adam, Adam)
    assert adam.learning_rate == 0.5
    default = registry.make("Adam", problem(model, learning_rate=0))
    assert default.learning_rate == 0.03  # type: ignore[attr-defined]


def test_there_are_never_more_parts_than_contexts() -> None:
    asked: list[int] = []
    model = LogBilinear(SIZE, 2, 3)

    def sum_objective(parts: int, *, noise: bool = False) -> Any:
        asked.append(parts)
        return model.sum_objective(TABLE, parts, 0)

    theta0 = model.initial(np.random.default_rng(0))
    options = {"minibatches": 10**6}
    registry.make("scaled SFO", Problem(model, TABLE, theta0, sum_objective, options=options))
    assert asked == [len(TABLE.contexts)]


def test_auto_stands_for_one_of_the_others() -> None:
    assert registry.chosen("auto", 11_000, 65) == "scaled L-BFGS"
    assert registry.chosen("auto", 141_000, 65) == "scaled SFO"
    assert registry.chosen("SGD", 10**9, 65) == "SGD"
    auto = registry.make("auto", problem(LogBilinear(SIZE, 2, 3)))
    named = registry.make("scaled L-BFGS", problem(LogBilinear(SIZE, 2, 3)))
    for optimizer in (auto, named):
        for _ in range(3):
            optimizer.step()
    np.testing.assert_array_equal(auto.theta, named.theta)


def test_an_optimizer_comes_and_goes() -> None:
    maker = SimpleNamespace(
        make=lambda p: SGD(p.sum_objective(1), p.theta0, learning_rate=0.5, momentum=0.0),
        state_bytes=lambda parameter_count, contexts, options: 8 * parameter_count,
    )
    with registry.registered(registry.Entry("descent", maker, ("slope",))):
        assert registry.names()[-1] == "descent"
        assert registry.own_settings("descent") == ("slope",)
        assert registry.state_bytes("descent", 10, 5, {}) == 80
        assert registry.make("descent", problem(Bigrams(SIZE, 2))).step().step == 1
    with pytest.raises(SettingsError, match=r"no optimizer 'descent'.*scaled SFO"):
        registry.find("descent")
