"""The fast objective against the literal oracle, finite differences, and its own properties."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import PLAY, counted_models
from scipy.optimize import approx_fprime
from scipy.special import logsumexp

from model import parallel, reference
from model.corpus import Corpus
from model.counting import count_ngrams
from model.dealing import deal
from model.errors import SettingsError
from model.families.log_bilinear import (
    context_sums,
    grouping,
    half_contexts,
    objective,
    pair_sums,
    plain_sums,
    segment_sums,
)
from model.families.log_bilinear.context_sums import ContextSums
from model.families.log_bilinear.minibatches import Minibatches
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.segment_sums import SegmentSums
from model.families.log_bilinear.selection import Selection
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable

seeds = st.integers(0, 2**32 - 1)
cases = counted_models()


@given(cases, seeds)
@settings(deadline=None)
def test_agrees_with_the_oracle(case: tuple[LogBilinear, NgramTable], seed: int) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    value, gradient = Objective(model, table).value_and_gradient(theta)
    expected_value, expected_gradient = reference.loss_and_gradient(model, theta, *table.ngrams())
    assert value == pytest.approx(expected_value, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=1e-13)


@given(cases, seeds)
@settings(deadline=None)
def test_agrees_with_finite_differences(case: tuple[LogBilinear, NgramTable], seed: int) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    fast = Objective(model, table)
    numeric = approx_fprime(theta, fast.value, 1e-7)
    np.testing.assert_allclose(fast.value_and_gradient(theta)[1], numeric, atol=1e-5)


@given(cases, seeds)
@settings(deadline=None)
def test_doubling_a_count_is_doubling_a_data_point(
    case: tuple[LogBilinear, NgramTable], seed: int
) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    ngrams, counts = table.ngrams()
    doubled = counts.copy()
    doubled[0] *= 2
    repeated = np.vstack([ngrams, ngrams[:1]]), np.append(counts, counts[0])
    results = [
        Objective(
            model, NgramTable.from_ngrams(windows, times, model.vocabulary_size)
        ).value_and_gradient(theta)
        for windows, times in ((ngrams, doubled), repeated)
    ]
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(results[0][1], results[1][1])
    literal = reference.loss_and_gradient(model, theta, *repeated)
    assert results[0][0] == pytest.approx(literal[0], rel=1e-12)
    np.testing.assert_allclose(results[0][1], literal[1], rtol=1e-9, atol=1e-13)


@given(cases, seeds, st.floats(1.0, 1e3))
@settings(deadline=None)
def test_extreme_parameters_stay_exact(
    case: tuple[LogBilinear, NgramTable], seed: int, scale: float
) -> None:
    """Against log-sum-exp in extended precision."""
    model, table = case
    theta = scale * np.random.default_rng(seed).normal(size=model.parameter_count)
    value, gradient = Objective(model, table).value_and_gradient(theta)
    expected_value, expected_gradient = extended(model, table, theta)
    assert np.isfinite(gradient).all()
    assert value == pytest.approx(expected_value, rel=1e-9, abs=1e-9)
    tolerance = 1e-9 * max(1.0, float(np.abs(expected_gradient).max()))
    np.testing.assert_allclose(gradient, expected_gradient, atol=tolerance)


@st.composite
def wide_models(draw: st.DrawFn) -> tuple[LogBilinear, NgramTable]:
    """Vocabularies to 300, contexts to 12 that share all, some or none of their beginnings."""
    v, m = draw(st.integers(2, 300)), draw(st.integers(1, 12))
    shared = draw(st.integers(0, m))
    rows = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(seeds))
    ngrams = rng.integers(v, size=(rows, m + 1))
    ngrams[:, :shared] = ngrams[0, :shared]
    counts = rng.integers(1, 1000, size=rows)
    return LogBilinear(v, m, draw(st.integers(1, 4))), NgramTable.from_ngrams(ngrams, counts, v)


@given(wide_models(), seeds, st.sampled_from([0.0, 0.1, 1.0, 10.0, 30.0, 100.0, 1e3]))
@settings(deadline=None, max_examples=60)
def test_wide_and_extreme_problems_stay_exact(
    case: tuple[LogBilinear, NgramTable], seed: int, scale: float
) -> None:
    model, table = case
    theta = scale * np.random.default_rng(seed).normal(size=model.parameter_count)
    value, gradient = Objective(model, table).value_and_gradient(theta)
    expected_value, expected_gradient = extended(model, table, theta)
    # Where the text is almost certain, the loss is a difference of numbers as large as logits.
    largest = float(np.abs(model.logit_tables(theta)).max()) * model.context_length
    least = max(1e-12, np.finfo(float).eps * largest)
    assert value == pytest.approx(expected_value, rel=1e-9, abs=least)
    # Where the text is almost certain, expected and observed counts cancel: a rounding error of
    # theirs, times a parameter, is the least that can be asked for.
    rounding = 1e-14 * float(np.abs(theta).max(initial=0.0))
    tolerance = 1e-9 * float(np.abs(expected_gradient).max()) + rounding
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-9, atol=tolerance)


@given(wide_models(), seeds)
@settings(deadline=None, max_examples=30)
def test_single_precision_is_as_good_as_it_says(
    case: tuple[LogBilinear, NgramTable], seed: int
) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    value, gradient = Objective(model, table).value_and_gradient(theta)
    rough_value, rough = Objective(model, table, dtype=np.float32).value_and_gradient(theta)
    assert rough.dtype == np.float64
    assert rough_value == pytest.approx(value, rel=1e-5, abs=1e-6)
    scale = float(np.abs(gradient).max())
    # Where the gradient vanishes, what remains is the rounding of the terms that cancel.
    np.testing.assert_allclose(rough, gradient, atol=1e-5 * scale + 2e-6)


@given(
    case=counted_models(longest_context=6),
    seed=seeds,
    grid_cost=st.sampled_from([0.0, 1.0]),
    cells=st.integers(1, 50),
    groups=st.integers(0, 5),
)
@settings(deadline=None)
def test_pieces_and_the_whole_agree(
    case: tuple[LogBilinear, NgramTable], seed: int, grid_cost: float, cells: int, groups: int
) -> None:
    """On the grid or on the observed pairs, in pieces however small."""
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    expected = reference.loss_and_gradient(model, theta, *table.ngrams())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_sums, "_GRID_COST", grid_cost)
        whole = Objective(model, table).value_and_gradient(theta)
        patch.setattr(grouping, "_PARTED_ELEMENTS", 1)
        patch.setattr(grouping, "_CELLS", cells)
        patch.setattr(grouping, "_CELLS_A_PIECE", cells // 2)
        patch.setattr(grouping, "_MOST_GROUPS", groups)
        patch.setattr(grouping, "_PAIRS_A_RIGHT", 1)
        patch.setattr(pair_sums, "_BLOCK_BYTES", 1)
        pieces = Objective(model, table)
        value, gradient = pieces.value_and_gradient(theta)
        assert pieces.value(theta) == value
    assert value == pytest.approx(expected[0], rel=1e-12, abs=1e-14)
    assert value == pytest.approx(whole[0], rel=1e-13, abs=1e-15)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("grid_cost", [0.0, 1.0])
def test_threads_change_nothing(grid_cost: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    table = NgramTable.from_ngrams(rng.integers(40, size=(3000, 6)), np.ones(3000, dtype=int), 40)
    model = LogBilinear(40, 5, 3)
    theta = model.initial(rng)
    monkeypatch.setattr(pair_sums, "_GRID_COST", grid_cost)
    alone = Objective(model, table).value_and_gradient(theta)
    monkeypatch.setattr(grouping, "_PARTED_ELEMENTS", 1)
    monkeypatch.setattr(half_contexts, "_THREADED_ELEMENTS", 1)
    monkeypatch.setattr(half_contexts, "_PART_ELEMENTS", 400)
    results = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(parallel, "_chosen", threads)
        monkeypatch.setattr(parallel, "worthwhile_threads", lambda: 5)
        objective = Objective(model, table)  # which tries some of its evaluations on one thread
        results += [objective.value_and_gradient(theta) for _ in range(5)]
    assert results[0][0] == pytest.approx(alone[0], rel=1e-13)
    np.testing.assert_allclose(results[0][1], alone[1], rtol=1e-10, atol=1e-15)
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


@pytest.mark.parametrize("grid_cost", [0.0, 1.0])
def test_an_objective_that_travelled_is_the_same(
    grid_cost: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As between the workers of a cluster."""
    rng = np.random.default_rng(0)
    table = NgramTable.from_ngrams(rng.integers(9, size=(300, 4)), np.ones(300, dtype=int), 9)
    model = LogBilinear(9, 3, 2)
    theta = model.initial(rng)
    monkeypatch.setattr(pair_sums, "_GRID_COST", grid_cost)
    here = Objective(model, table)
    there = pickle.loads(pickle.dumps(here))
    for each in (here, there):
        value, gradient = each.value_and_gradient(theta)
        expected = reference.loss_and_gradient(model, theta, *table.ngrams())
        assert value == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-13)


def test_left_halves_go_together_that_go_on_with_the_same() -> None:
    """Of 60 x 20 left halves a third each go on with some, with others, and with all."""
    last = np.repeat(np.arange(60), 20)
    kind_of = np.random.default_rng(0).permutation(60) % 3
    follows = [range(50), range(50, 100), range(100)]
    pairs = np.array([(left, r) for left in range(1200) for r in follows[kind_of[last[left]]]])
    piece = grouping.pieces_of_grid(pairs[:, 0], pairs[:, 1], last, 100, 100)
    cells = 0
    for number in range(piece.max() + 1):
        own = np.flatnonzero(piece == number)
        assert len({kind_of[last[left]] for left in own}) == 1
        cells += len(own) * len(follows[kind_of[last[own[0]]]])
    assert cells == len(pairs)


def forms(most: int) -> dict[str, dict[tuple[ModuleType, str], object]]:
    """How each form of the objective is asked for, whatever the problem."""
    segments: dict[tuple[ModuleType, str], object] = {
        (context_sums, "_MOST_ELEMENTS"): most,
        (context_sums, "_MOST_SEGMENT_ELEMENTS"): 40 * most,
        (segment_sums, "_BLOCK_BYTES"): 64 * most,
        (segment_sums, "_BLOCKS"): 2,
    }
    plain: dict[tuple[ModuleType, str], object] = {
        (objective, "_MOST_TABLE_ELEMENTS"): 0,
        (objective, "_WORTH"): np.inf,
        (plain_sums, "_BLOCK_BYTES"): 64 * most,
    }
    return {"segments": segments, "plain": plain}


@contextmanager
def computed_as(form: str, most: int) -> Iterator[None]:
    """Objectives that are made here have this form, in blocks of this order of size."""
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), value in forms(most)[form].items():
            patch.setattr(module, name, value)
        yield


@pytest.mark.parametrize("form", ["segments", "plain"])
@given(case=counted_models(longest_context=7), seed=seeds, most=st.integers(1, 40))
@settings(deadline=None)
def test_forms_that_bound_the_memory_agree_with_the_oracle(
    form: str, case: tuple[LogBilinear, NgramTable], seed: int, most: int
) -> None:
    model, table = case
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=model.parameter_count)
    rows = np.flatnonzero(rng.random(len(table.contexts)) < 0.7)
    parts = [(None, table)] + ([(rows, table.select(rows))] if len(rows) else [])
    for selected, part in parts:
        expected = reference.loss_and_gradient(model, theta, *part.ngrams())
        with computed_as(form, most):
            bounded = Objective(model, table, selected)
            value, gradient = bounded.value_and_gradient(theta)
            assert bounded.value(theta) == pytest.approx(value, rel=1e-13, abs=1e-15)
        assert value == pytest.approx(expected[0], rel=1e-12, abs=1e-14)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("form", ["segments", "plain"])
@given(case=wide_models(), seed=seeds, scale=st.sampled_from([0.0, 1.0, 30.0, 100.0, 1e3, 1e160]))
@settings(deadline=None, max_examples=30)
def test_forms_that_bound_the_memory_stay_exact(
    form: str, case: tuple[LogBilinear, NgramTable], seed: int, scale: float
) -> None:
    model, table = case
    theta = scale * np.random.default_rng(seed).normal(size=model.parameter_count)
    with computed_as(form, 100):
        bounded = Objective(model, table)
        value, gradient = bounded.value_and_gradient(theta)
        assert bounded.value(theta) == value or scale < 1e100
    if scale > 1e100:  # logits overflow
        assert value == np.inf
        assert np.isnan(gradient).all()
        return
    exact = extended(model, table, theta)
    size = float(np.abs(theta).max(initial=0.0))
    assert value == pytest.approx(exact[0], rel=1e-9, abs=max(1e-12, 1e-15 * size**2))
    tolerance = 1e-9 * float(np.abs(exact[1]).max()) + 1e-14 * size
    np.testing.assert_allclose(gradient, exact[1], rtol=1e-9, atol=tolerance)


@pytest.mark.parametrize("form", ["segments", "plain"])
def test_forms_that_bound_the_memory_do_not_depend_on_threads(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus.from_text(PLAY)
    v = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, v, 7)
    model = LogBilinear(v, 7, 4)
    theta = model.initial(np.random.default_rng(0))
    results = []
    with computed_as(form, 30):
        for threads in (1, 2, 5):
            monkeypatch.setattr(parallel, "_chosen", threads)
            results.append(Objective(model, table).value_and_gradient(theta))
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


@pytest.mark.parametrize("form", ["segments", "plain"])
def test_forms_that_bound_the_memory_in_single_precision(form: str) -> None:
    corpus = Corpus.from_text(PLAY)
    v = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, v, 7)
    model = LogBilinear(v, 7, 4)
    theta = model.initial(np.random.default_rng(0))
    value, gradient = Objective(model, table).value_and_gradient(theta)
    with computed_as(form, 100):
        rough_value, rough = Objective(model, table, dtype=np.float32).value_and_gradient(theta)
    assert rough_value == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(rough, gradient, atol=1e-6 * float(np.abs(gradient).max()))


def test_what_a_text_has_decides_the_form() -> None:
    """Long contexts of a text whose halves do not repeat; many characters."""
    rng = np.random.default_rng(0)
    words = rng.integers(60, size=(50, 4))
    codes = words[rng.integers(50, size=2000)].ravel()
    long = count_ngrams(codes, 60, 32)
    assert isinstance(context_sums.context_sums(Selection(long), np.float64), SegmentSums)
    short = count_ngrams(codes, 60, 3)
    assert isinstance(context_sums.context_sums(Selection(short), np.float64), ContextSums)
    assert objective.is_plain(LogBilinear(2971, 3, 5), 15_000)
    assert not objective.is_plain(LogBilinear(65, 3, 5), 15_000)
    assert not objective.is_plain(LogBilinear(600, 32, 512), 1_000_000)


def extended(model: LogBilinear, table: NgramTable, theta: np.ndarray) -> tuple[float, np.ndarray]:
    """The loss and its gradient over all contexts x characters in long double."""
    e, w = model.unpack(theta.astype(np.longdouble))
    r = e[table.contexts]  # (U, M, H)
    logits = np.einsum("umh,cmh->uc", r, w)
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    counts = table.counts.toarray().astype(np.longdouble)
    total = counts.sum()
    error = (np.exp(log_p) * counts.sum(axis=1, keepdims=True) - counts) / total
    d_e = np.zeros_like(e)
    np.add.at(d_e, table.contexts, np.einsum("uc,cmh->umh", error, w))
    d_w = np.einsum("uc,umh->cmh", error, r)
    gradient = np.concatenate([d_e.ravel(), d_w.ravel()])
    return float(-(counts * log_p).sum() / total), gradient.astype(float)


@pytest.mark.parametrize("context_length", [1, 2, 3, 5, 8])
def test_a_real_text_takes_the_dense_and_the_sparse_way(context_length: int) -> None:
    corpus = Corpus.from_text(PLAY)
    v = len(corpus.vocabulary)
    table = count_ngrams(corpus.codes, v, context_length)
    model = LogBilinear(v, context_length, 4)
    theta = model.initial(np.random.default_rng(0))
    value, gradient = Objective(model, table).value_and_gradient(theta)
    expected_value, expected_gradient = extended(model, table, theta)
    assert value == pytest.approx(expected_value, rel=1e-13)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-15)


@given(counted_models(), seeds, st.integers(1, 12))
@settings(deadline=None)
def test_minibatches_are_disjoint_and_cover_the_table(
    case: tuple[LogBilinear, NgramTable], seed: int, count: int
) -> None:
    model, table = case
    count = min(count, len(table.contexts))
    hands = deal(table, count, seed)
    assert sorted(np.concatenate(hands)) == list(range(len(table.contexts)))
    assert {len(hand) for hand in hands} <= {
        len(table.contexts) // count,
        -(-len(table.contexts) // count),
    }
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    batches = Minibatches(model, table, count, seed)
    parts = [batches.part(theta, i) for i in range(len(batches))]
    whole_value, whole_gradient = Objective(model, table).value_and_gradient(theta)
    assert batches.positions == table.positions
    assert sum(value for value, _ in parts) == pytest.approx(whole_value, rel=1e-10)
    summed = np.sum([gradient for _, gradient in parts], axis=0)
    np.testing.assert_allclose(summed, whole_gradient, rtol=1e-8, atol=1e-12)
    value, gradient = batches.value_and_gradient(theta)
    assert value == pytest.approx(whole_value, rel=1e-12, abs=1e-14)
    assert batches.value(theta) == pytest.approx(whole_value, rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(gradient, whole_gradient, rtol=1e-9, atol=1e-13)


@given(cases, seeds, st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_scaling_all_weights_changes_nothing(
    case: tuple[LogBilinear, NgramTable], seed: int, weight: float
) -> None:
    model, table = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    value, gradient = Objective(model, table).value_and_gradient(theta)
    scaled = table.scaled(weight)
    assert scaled.positions == pytest.approx(weight * table.positions)
    scaled_value, scaled_gradient = Objective(model, scaled).value_and_gradient(theta)
    assert scaled_value == pytest.approx(value, rel=1e-10, abs=1e-13)
    np.testing.assert_allclose(scaled_gradient, gradient, rtol=1e-8, atol=1e-12)
    count = min(3, len(table.contexts))
    batches = Minibatches(model, scaled, count, seed)
    parts = [batches.part(theta, i) for i in range(count)]
    assert sum(value for value, _ in parts) == pytest.approx(value, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(sum(g for _, g in parts), gradient, rtol=1e-7, atol=1e-11)


@st.composite
def two_tables(draw: st.DrawFn) -> tuple[LogBilinear, NgramTable, NgramTable]:
    model, first = draw(cases)
    rng = np.random.default_rng(draw(seeds))
    size = (draw(st.integers(1, 10)), model.context_length + 1)
    ngrams = rng.integers(model.vocabulary_size, size=size)
    weights = rng.uniform(0.01, 5.0, len(ngrams))
    return model, first, NgramTable.from_ngrams(ngrams, weights, model.vocabulary_size)


@given(two_tables(), seeds, st.floats(0.05, 20.0))
@settings(deadline=None)
def test_a_fractional_table_is_the_mixture_of_its_parts(
    case: tuple[LogBilinear, NgramTable, NgramTable], seed: int, weight: float
) -> None:
    """Against the literal oracle, and against the two losses weighed by hand."""
    model, first, second = case
    theta = np.random.default_rng(seed).normal(size=model.parameter_count)
    mixed = first.scaled(weight).merge(second)
    value, gradient = Objective(model, mixed).value_and_gradient(theta)
    a, b = (Objective(model, table).value_and_gradient(theta) for table in (first, second))
    share = weight * first.positions / mixed.positions
    assert value == pytest.approx(share * a[0] + (1 - share) * b[0], rel=1e-9, abs=1e-12)
    expected = share * a[1] + (1 - share) * b[1]
    np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-11)
    literal_value, literal_gradient = reference.loss_and_gradient(model, theta, *mixed.ngrams())
    assert value == pytest.approx(literal_value, rel=1e-10, abs=1e-13)
    np.testing.assert_allclose(gradient, literal_gradient, rtol=1e-8, atol=1e-12)


def test_minibatches_weigh_about_the_same() -> None:
    corpus = Corpus.from_text(" ".join(PLAY.split()) * 3)
    table = count_ngrams(corpus.codes, len(corpus.vocabulary), 2)
    weights = [table.context_positions[rows].sum() for rows in deal(table, 5, 0)]
    assert max(weights) < 1.3 * min(weights)


def test_refuses_what_does_not_fit() -> None:
    table = count_ngrams(np.array([0, 1, 0, 1, 1]), 2, 1)
    with pytest.raises(SettingsError, match="count the text with the model's two"):
        Objective(LogBilinear(2, 2, 1), table)
    with pytest.raises(SettingsError, match="counts no n-gram"):
        Objective(LogBilinear(2, 1, 1), table.select(np.array([], dtype=int)))
    with pytest.raises(SettingsError, match="not float64 or float32"):
        Objective(LogBilinear(2, 1, 1), table, dtype=np.int32)
    with pytest.raises(SettingsError, match="between 1 and 2"):
        Minibatches(LogBilinear(2, 1, 1), table, 3)
    for count in (0, 3):
        with pytest.raises(SettingsError, match="belong to another model"):
            Objective(LogBilinear(2, 1, 1), table).value_and_gradient(np.zeros(count))
