"""How fast the engine is: `python tests/benchmarks/engine.py [CORPUS]`.

Prints tables of gradients, counting and sampling beside their targets, and ends with status 1 if
one is missed. The targets are meant for a text of about a megabyte (the 1.1 MB of Shakespeare that
character models are often tried on); without an argument the sample play repeated is used.
PyTorch is compared where it is installed: `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from timing import Row, machine, medians, print_rows, with_single_threaded_blas

from charembed_tui.text.sample_texts import default_sample
from model import parallel, reference
from model.corpus import Corpus
from model.counting import count_ngrams
from model.families.log_bilinear import context_sums, half_contexts
from model.families.log_bilinear.minibatches import Minibatches
from model.families.log_bilinear.objective import Objective
from model.families.log_bilinear.shape import LogBilinear
from model.ngrams import NgramTable
from model.optimizers import LBFGS
from model.sampling import generate

Array = NDArray[np.float64]


def grouped_numpy(model: LogBilinear, table: NgramTable) -> Callable[[Array], Array]:
    """The plain form: logits of all contexts by one product, softmax, two products back."""
    counts = table.counts.toarray().astype(float)
    totals = counts.sum(axis=1, keepdims=True)
    v, m, h = model.vocabulary_size, model.context_length, model.embedding_size

    def gradient(theta: Array) -> Array:
        e, w = model.unpack(theta)
        r = e[table.contexts].reshape(-1, m * h)
        flat = w.reshape(v, m * h)
        error = np.exp(log_softmax(r @ flat.T, axis=1)) * totals - counts
        d_r = (error @ flat).reshape(-1, m, h)
        d_e = np.zeros((v, h))
        np.add.at(d_e, table.contexts.ravel(), d_r.reshape(-1, h))
        return np.concatenate([d_e.ravel(), (error.T @ r).ravel()]) / table.positions

    return gradient


def grouped_torch(
    model: LogBilinear, table: NgramTable, dtype: str = "float64"
) -> Callable[[Array], Array]:
    """The same contexts and counts in PyTorch."""
    import torch

    kind = getattr(torch, dtype)
    contexts = torch.tensor(table.contexts, dtype=torch.long)
    counts = torch.tensor(table.counts.toarray(), dtype=kind)
    v, m, h = model.vocabulary_size, model.context_length, model.embedding_size

    def gradient(theta: Array) -> Array:
        t = torch.tensor(theta, dtype=kind, requires_grad=True)
        e, w = t[: v * h].reshape(v, h), t[v * h :].reshape(v, m * h)
        logits = e[contexts].reshape(-1, m * h) @ w.T
        loss = -(counts * torch.log_softmax(logits, dim=1)).sum() / table.positions
        loss.backward()
        return t.grad.numpy()

    return gradient


def torch_epoch(corpus: Corpus, model: LogBilinear) -> Callable[[], None]:
    """One pass over all positions as people would write it: batches of 4096, Adam."""
    import torch

    m = model.context_length
    codes = torch.tensor(np.array(corpus.codes), dtype=torch.long)
    windows = codes.unfold(0, m + 1, 1)
    embedding = torch.nn.Embedding(model.vocabulary_size, model.embedding_size)
    linear = torch.nn.Linear(m * model.embedding_size, model.vocabulary_size, bias=False)
    adam = torch.optim.Adam([*embedding.parameters(), *linear.parameters()], lr=0.01)

    def epoch() -> None:
        for batch in windows[torch.randperm(len(windows))].split(4096):
            adam.zero_grad()
            logits = linear(embedding(batch[:, :-1]).flatten(1))
            torch.nn.functional.cross_entropy(logits, batch[:, -1]).backward()
            adam.step()

    return epoch


def has_torch() -> bool:
    """Whether PyTorch can be compared."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def ratio_row(work: str, fast: float, slow: float, least: float) -> Row:
    """How many times faster, beside how many there should be."""
    ratio = slow / fast
    measured = f"{ratio:,.1f} x ({fast * 1e3:,.2f} ms against {slow * 1e3:,.1f} ms)"
    return Row(work, measured, f"at least {least:,.0f} x", ratio >= least)


def gradients(corpus: Corpus) -> int:
    """The table of gradients."""
    rng = np.random.default_rng(0)
    size = len(corpus.vocabulary)
    rows: list[Row] = []
    torch = has_torch()

    def problem(m: int, h: int) -> tuple[LogBilinear, NgramTable, Array, Objective]:
        model = LogBilinear(size, m, h)
        table = count_ngrams(corpus.codes, size, m)
        return model, table, model.initial(rng), Objective(model, table)

    model, table, theta, objective = problem(3, 5)
    plain = grouped_numpy(model, table)
    np.testing.assert_allclose(plain(theta), objective.value_and_gradient(theta)[1], atol=1e-13)
    ours, slow = medians([lambda: objective.value_and_gradient(theta), lambda: plain(theta)], 11)
    rows.append(ratio_row("exact gradient, M=3 H=5, against plain numpy", ours, slow, 10))
    if torch:
        for m, h, least, dtype in (
            (3, 5, 12, "float64"),
            (5, 16, 40, "float64"),
            (5, 16, 40, "float32"),
        ):
            model, table, theta, objective = problem(m, h)
            objective = Objective(model, table, dtype=dtype)
            theirs = grouped_torch(model, table, dtype)
            allowed = 1e-12 if dtype == "float64" else 1e-5
            np.testing.assert_allclose(
                theirs(theta), objective.value_and_gradient(theta)[1], atol=allowed
            )
            ours, slow = medians(
                [
                    partial(objective.value_and_gradient, theta),
                    partial(theirs, theta),
                ],
                9,
            )
            rows.append(
                ratio_row(
                    f"exact gradient, M={m} H={h}, {dtype}, against PyTorch", ours, slow, least
                )
            )
        model, table, theta, objective = problem(3, 5)
        epoch = torch_epoch(corpus, model)
        ours, slow = medians([lambda: objective.value_and_gradient(theta), epoch], 3)
        rows.append(ratio_row("exact gradient against a PyTorch epoch, M=3 H=5", ours, slow, 500))
    else:
        print("PyTorch is not installed: its rows are left out.")

    model, table, theta, objective = problem(3, 5)
    batches = Minibatches(model, table, 25)
    turn = iter(range(10**9))

    def minibatch() -> None:
        # Other parameters each time, as in training.
        batches.part(theta + 1e-9 * next(turn), next(turn) % 25)

    (ours,) = medians([minibatch], 101)
    rows.append(Row("1/25 of M=3", f"{ours * 1e3:.3f} ms", "under 0.4 ms", ours < 0.4e-3))
    ngrams, counts = table.most_common()
    ngrams, counts = ngrams[:400], counts[:400]
    few = Objective(model, NgramTable.from_ngrams(ngrams, counts, size))
    start = time.perf_counter()
    reference.loss_and_gradient(model, theta, ngrams, counts)
    slow = time.perf_counter() - start
    (ours,) = medians([lambda: few.value_and_gradient(theta)], 101)
    rows.append(ratio_row("400 n-grams against the literal oracle", ours, slow, 2000))

    model, table, theta, objective = problem(8, 32)
    (ours,) = medians([lambda: objective.value_and_gradient(theta)], 5)
    rows.append(
        Row(
            f"exact gradient, M=8 H=32 ({len(table.contexts):,} contexts)",
            f"{ours * 1e3:,.0f} ms",
            "under 400 ms",
            ours < 0.4,
        )
    )
    for m, h in ((3, 5), (5, 16), (8, 32)):
        model, table, theta, objective = problem(m, h)
        single = Objective(model, table, dtype=np.float32)
        exact, rough = objective.value_and_gradient(theta), single.value_and_gradient(theta)
        error = np.abs(exact[1] - rough[1]).max() / np.abs(exact[1]).max()
        double, half = medians(
            [
                partial(objective.value_and_gradient, theta),
                partial(single.value_and_gradient, theta),
            ],
            7,
        )
        rows.append(
            Row(
                f"float32 against float64, M={m} H={h}",
                f"{double / half:.1f} x, gradient error {error:.0e}",
                "-",
                True,
            )
        )
    return print_rows("Gradients", rows)


def threads(corpus: Corpus) -> int:
    """How a gradient scales: the share of it that threads take in turn, and what that allows."""
    size, rows = len(corpus.vocabulary), []
    spent, pieces = 0.0, 0

    def one_after_another(tasks: Sequence[Callable[[], object]]) -> list[object]:
        nonlocal spent, pieces
        start, pieces = time.perf_counter(), max(pieces, len(tasks))
        results = [task() for task in tasks]
        spent += time.perf_counter() - start
        return results

    for m, h in ((3, 5), (5, 16), (8, 32)):
        model = LogBilinear(size, m, h)
        theta = model.initial(np.random.default_rng(0))
        gradient = partial(
            model.objective(count_ngrams(corpus.codes, size, m)).value_and_gradient, theta
        )
        times, shares = [], []
        for count in (1, 2):
            parallel.use_threads(count)
            times += medians([gradient], 5)
        parallel.use_threads(None)
        pieces = 0
        with ExitStack() as patches:
            for module in (context_sums, half_contexts):
                patches.enter_context(patch.object(module, "in_parallel", one_after_another))
            for _ in range(9):
                spent, start = 0.0, time.perf_counter()
                gradient()
                shares.append(spent / (time.perf_counter() - start))
        share = statistics.median(shares)
        allowed = ", ".join(f"{n}: {1 / (1 - share + share / n):.1f} x" for n in (2, 4, 8))
        measured = (
            f"{share:.0%} in at most {pieces} pieces at once, which allows {allowed}; "
            f"2 measured: {times[0] / times[1]:.1f} x"
        )
        rows.append(Row(f"threads, M={m} H={h} ({model.dtype})", measured, "-", True))
    return print_rows("Threads", rows)


def peak(code: str, *arguments: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a piece of code in a process of its own."""
    script = f"import sys, time, resource\nstart = time.perf_counter()\n{code}\n" + (
        "print(time.perf_counter() - start, "
        "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


def memory(corpus_path: Path) -> int:
    """Peak memory of the largest gradient, in a process that does nothing else."""
    code = (
        "import numpy as np\n"
        "from model import Corpus, LogBilinear, count_ngrams\n"
        "c = Corpus.from_file(sys.argv[1]); v = len(c.vocabulary)\n"
        "model = LogBilinear(v, 8, 32)\n"
        "objective = model.objective(count_ngrams(c.codes, v, 8))\n"
        "for _ in range(3): "
        "objective.value_and_gradient(model.initial(np.random.default_rng(0)))\n"
    )
    _, megabytes = peak(code, str(corpus_path))
    row = Row("whole process, M=8 H=32", f"{megabytes:,.0f} MB", "under 1,000 MB", megabytes < 1e3)
    return print_rows("Memory", [row])


def counting(corpus: Corpus, corpus_path: Path) -> int:
    """The table of counting."""
    size = len(corpus.vocabulary)
    rows: list[Row] = []
    for m in (1, 3, 5, 8):
        (seconds,) = medians([partial(count_ngrams, corpus.codes, size, m)], 7)
        speed = len(corpus) / seconds / 1e6
        least = {3: 80, 5: 20}.get(m)
        goal = (f"at least {least} MB/s", speed >= least) if least else ("-", True)
        rows.append(Row(f"counting in memory, M={m}", f"{speed:,.0f} MB/s", *goal))
    text = corpus_path.read_bytes()
    code = "from model.streams.count_texts import count_texts\ncount_texts(sys.argv[1], 3)\n"
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in (1, 10, 100):
            path = Path(folder) / "long.txt"
            with path.open("wb") as file:
                for copy in range(max(1, round(megabytes * 1e6 / len(text)))):
                    # Variations: another word in place of a common one.
                    file.write(text.replace(b" the ", b" th%de " % copy))
            length = path.stat().st_size
            seconds, most = peak(code, str(path))
            speed = length / seconds / 1e6
            goal = ("at least 20 MB/s", speed >= 20) if megabytes == 100 else ("-", True)
            measured = f"{speed:,.0f} MB/s, {seconds:.2f} s, peak {most:,.0f} MB"
            rows.append(Row(f"streaming {length / 1e6:,.0f} MB, M=3", measured, *goal))
    return print_rows("Counting (streaming with start of the process)", rows)


def sampling() -> int:
    """The table of sampling, on the sample play."""
    corpus = Corpus.from_file(default_sample())
    size = len(corpus.vocabulary)
    model = LogBilinear(size, 3, 5)
    objective = Objective(model, count_ngrams(corpus.codes, size, 3))
    theta0 = model.initial(np.random.default_rng(0))
    optimizer = LBFGS(objective, theta0)
    for _ in range(150):
        optimizer.step()
    rows = []
    for name, theta in (("trained", optimizer.theta), ("untrained", theta0)):
        for length in (10_000, 1_000_000):
            start = time.perf_counter()
            for _ in generate(model.predictor(theta), corpus.vocabulary, "THE ", length, seed=0):
                pass
            speed = length / (time.perf_counter() - start)
            goal = ("at least 100,000", speed >= 1e5) if length == 1_000_000 else ("-", True)
            measured = f"{speed:,.0f} characters/s"
            rows.append(Row(f"{name}, {length:,} characters, M=3", measured, *goal))
    return print_rows("Sampling", rows)


def main() -> None:
    """All tables."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, help="a UTF-8 text of about a megabyte")
    path = parser.parse_args().corpus
    print(f"Measured on {machine()}.")
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            path = Path(folder) / "play.txt"
            path.write_text(default_sample().read_text(encoding="utf-8") * 50, encoding="utf-8")
        corpus = Corpus.from_file(path)
        missed = counting(corpus, path) + memory(path) + sampling() + gradients(corpus)
        missed += threads(corpus)
    print(f"\n{missed or 'No'} target{'s' * (missed != 1)} missed.")
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process: {usage:,.0f} MB.")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
