"""Steps a second of the network: `python tests/benchmarks/network_speed.py TEXT [--threads N]`.

A step is value and gradient of a mini-batch with dropout, and AdamW's update. Beside PyTorch on
as many threads, where it is installed (`pip install -e '.[bench]'`): the same network over the
same positions, its fused AdamW. All take turns, so that noise hits all alike.
"""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from timing import machine, medians, with_single_threaded_blas

from model.corpus import Corpus
from model.counting import count_ngrams
from model.families.network.shape import Network
from model.optimizers.adam import Adam
from model.optimizers.weight_decay import decay_mask
from model.parallel import thread_count

# M, H, hidden, layers, dropout
SIZES = ((12, 24, 512, 1, 0.1), (8, 32, 1024, 1, 0.4), (8, 32, 512, 2, 0.2))
BATCH = 1024


def numpy_step(corpus: Corpus, network: Network, threads: int) -> Callable[[], object]:
    """A step of ours."""
    table = count_ngrams(corpus.codes, network.vocabulary_size, network.context_length)
    parts = int(table.positions // BATCH)
    objective = network.sum_objective(table, parts, 0, threads=threads, noise=True)
    theta0 = network.initial(np.random.default_rng(0))
    decays = decay_mask(network)
    adam = Adam(objective, theta0, learning_rate=1e-3, weight_decay=0.05, decays=decays, seed=0)
    return adam.step


def torch_step(corpus: Corpus, network: Network, threads: int) -> Callable[[], object]:
    """A step of PyTorch's."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    m = network.context_length
    windows = np.lib.stride_tricks.sliding_window_view(corpus.codes, m + 1)
    order = np.random.default_rng(0).permutation(len(windows))
    data = torch.from_numpy(windows[order].astype(np.int64))
    batches = [data[i : i + BATCH] for i in range(0, len(data) - BATCH, BATCH)]
    weights = network.weights(network.initial(np.random.default_rng(0)))

    def vector(values: NDArray[Any]) -> Any:
        return torch.tensor(values, dtype=torch.float32).requires_grad_()

    def leaf(values: NDArray[Any]) -> Any:
        return vector(values.reshape(len(values), -1))

    embeddings, first, outputs = (
        leaf(a) for a in (weights.embeddings, weights.first, weights.outputs)
    )
    direct = None if weights.direct is None else leaf(weights.direct)
    deeper = [leaf(a) for a in weights.deeper]
    biases = [vector(a) for a in weights.biases]
    output_bias = vector(weights.output_bias)
    parameters = [embeddings, first, outputs, *deeper, *biases, output_bias]
    parameters += [] if direct is None else [direct]
    optimizer = torch.optim.AdamW(
        parameters, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.05, fused=True
    )
    turn = iter(range(1 << 60))

    def step() -> None:
        batch = batches[next(turn) % len(batches)]
        inputs = functional.embedding(batch[:, :-1], embeddings).flatten(1)
        layer = inputs
        for matrix, bias in zip((first, *deeper), biases, strict=True):
            layer = functional.dropout(
                functional.relu(functional.linear(layer, matrix, bias)), network.dropout
            )
        logits = functional.linear(layer, outputs, output_bias)
        if direct is not None:
            logits = logits + functional.linear(inputs, direct)
        loss = functional.cross_entropy(logits, batch[:, -1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def main() -> None:
    """One table."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--threads", type=int, default=thread_count())
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    corpus = Corpus.from_file(options.text)
    threads = options.threads
    print(f"Measured on {machine()}; batches of {BATCH}.\n")
    names = [f"numpy, {n} threads" for n in sorted({1, threads})]
    if has_torch := importlib.util.find_spec("torch") is not None:
        names.append(f"PyTorch, {threads} threads")
    print(
        f"| M, H, hidden, layers, dropout | {' | '.join(f'{n}, steps/s' for n in names)} | ratio |"
    )
    print("|---" * (len(names) + 2) + "|")
    for m, h, hidden, layers, dropout in SIZES:
        network = Network(
            len(corpus.vocabulary), m, h, hidden=hidden, layers=layers, dropout=dropout
        )
        steps = [numpy_step(corpus, network, n) for n in sorted({1, threads})]
        if has_torch:
            steps.append(torch_step(corpus, network, threads))
        rates = [1 / t for t in medians(steps, options.rounds)]
        ratio = f"{rates[-2] / rates[-1]:.2f}" if has_torch else ""
        cells = " | ".join(f"{rate:.0f}" for rate in rates)
        print(f"| {m}, {h}, {hidden}, {layers}, {dropout} | {cells} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
