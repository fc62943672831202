"""What a network reaches in so many seconds: `python tests/benchmarks/network_quality.py TEXT`.

Trains on the first 90 % of a text minus its end, and prints the loss of that, nats per character,
as training goes on: for choosing settings. The last tenth is not read. With --blocks what is left
out are blocks spread over the text instead: these have the same words and names around them, so
that learning by heart seems to do less harm than it does to what comes next.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from timing import machine, with_single_threaded_blas

from model.corpus import Corpus
from model.counting import NgramCounter
from model.families.network.shape import Network
from model.ngrams import NgramTable
from model.optimizers.adam import Adam
from model.optimizers.schedule import Schedule
from model.optimizers.weight_decay import decay_mask
from model.parallel import thread_count

BLOCKS, SHARE_OF_BLOCKS, SHARE_OF_END = 10, 0.05, 0.1


def split(corpus: Corpus, context_length: int, *, blocks: bool) -> tuple[NgramTable, NgramTable]:
    """Counts of what is trained on, and of what is left out."""
    codes = corpus.codes[: len(corpus.codes) * 9 // 10]
    pieces, share = (BLOCKS, SHARE_OF_BLOCKS) if blocks else (1, SHARE_OF_END)
    length = len(codes) // pieces
    cut = int(length * (1 - share))
    counters = [NgramCounter(context_length), NgramCounter(context_length)]
    for i in range(pieces):
        block = codes[i * length : (i + 1) * length]
        for counter, part in zip(counters, (block[:cut], block[cut:]), strict=True):
            counter.add(part)
            counter.end_sequence()
    size = len(corpus.vocabulary)
    return counters[0].table(size), counters[1].table(size)


def main() -> None:
    """One run."""
    with_single_threaded_blas()
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--steps", type=int, default=0, help="plan by steps, not by seconds")
    parser.add_argument("--blocks", action="store_true", help="leave out blocks, not the end")
    parser.add_argument("--context", type=int, default=8)
    parser.add_argument("--embedding", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--activation", default="relu")
    parser.add_argument("--dropout", type=float, default=0.4)
    parser.add_argument("--decay", type=float, default=0.3)
    parser.add_argument("--decay-all", action="store_true", help="embeddings and biases, too")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--clip", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=thread_count())
    parser.add_argument("--reports", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    o = parser.parse_args()
    corpus = Corpus.from_file(o.text)
    table, validation = split(corpus, o.context, blocks=o.blocks)
    network = Network(
        len(corpus.vocabulary),
        o.context,
        o.embedding,
        hidden=o.hidden,
        layers=o.layers,
        activation=o.activation,
        dropout=o.dropout,
    )
    objective = network.sum_objective(
        table, int(table.positions // o.batch), o.seed, threads=o.threads, noise=True
    )
    measured = network.objective(validation, threads=o.threads)
    seconds, progress, step, reported, running = 0.0, 0.0, 0, 0, np.nan
    adam = Adam(
        objective,
        network.initial(np.random.default_rng(o.seed)),
        learning_rate=o.rate,
        decay=(0.9, 0.99),
        weight_decay=o.decay,
        decays=None if o.decay_all else decay_mask(network),
        clip=o.clip,
        schedule=Schedule(o.warmup),
        progress=lambda: progress,
        seed=o.seed,
    )
    print(f"{machine()}; {network}; {vars(o)}")
    while progress < 1:
        start = time.perf_counter()
        value = adam.step().value * len(objective)
        running = value if step == 0 else running + 0.02 * (value - running)
        step += 1
        seconds += time.perf_counter() - start
        progress = step / o.steps if o.steps else seconds / o.seconds
        if progress >= (reported + 1) / o.reports:
            reported += 1
            print(
                f"{seconds:6.1f} s, step {step}, pass {step / len(objective):.2f}: training with "
                f"dropout {running:.3f}, validation {measured.value(adam.theta):.4f}",
                flush=True,
            )
    print(f"training without dropout {network.objective(table).value(adam.theta):.4f}")


if __name__ == "__main__":
    main()
