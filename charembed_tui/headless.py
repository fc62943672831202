"""`charembed`: training, writing and measuring without a screen, on the same run folders.

Exit status: 0 done, 2 the command or its text cannot be used, 3 training failed, 130 interrupted
(after a checkpoint).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charembed_tui import __version__

DONE, UNUSABLE, FAILED, INTERRUPTED = 0, 2, 3, 130
_SECONDS_BETWEEN_CHECKPOINTS = 5.0
_SECONDS_BETWEEN_LINES = 2.0


def parser() -> argparse.ArgumentParser:
    """The arguments of `charembed`."""
    from charembed_tui.options import add_settings
    from charembed_tui.sampling_settings import SamplingSettings
    from charembed_tui.settings import TrainingSettings

    result = argparse.ArgumentParser(prog="charembed", description=__doc__)
    result.formatter_class = argparse.RawDescriptionHelpFormatter
    result.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = result.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="learn from a text, or go on with a run")
    train.add_argument("corpus", nargs="?", help="a UTF-8 text; without it, a sample text")
    train.add_argument("--resume", nargs="?", const="", metavar="RUN", help="go on with a run")
    train.add_argument("--steps", type=_positive(int), help="stop at this step")
    train.add_argument("--seconds", type=_positive(float), help="stop after this time")
    add_settings(train, "training", TrainingSettings)

    generate = commands.add_parser("generate", help="write with a trained run")
    generate.add_argument("run", nargs="?", help="its name or folder; without it, the newest")
    generate.add_argument("--prompt", default="", help="what the text follows")
    add_settings(generate, "writing", SamplingSettings, "sampling_")

    evaluate = commands.add_parser("evaluate", help="measure a run on a text")
    evaluate.add_argument("text", help="a UTF-8 text over the run's characters")
    evaluate.add_argument("run", nargs="?", help="its name or folder; without it, the newest")

    export = commands.add_parser("export", help="write a run's vectors for other programs")
    export.add_argument("folder", type=Path, help="where to write vectors.tsv and metadata.tsv")
    export.add_argument("run", nargs="?", help="its name or folder; without it, the newest")

    runs = commands.add_parser("runs", help="list the runs")
    for command in (train, evaluate, runs):
        command.add_argument("--json", action="store_true", help="one JSON object a line")
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")  # the engine has threads of its own
    options = parser().parse_args(arguments)
    from charembed_tui.glyphs import visible
    from model.errors import CharembedError, OptimizerError

    try:
        status = _COMMANDS[options.command](options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has enough; nothing more can be written, not even by the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE
    except (CharembedError, OSError) as error:
        print(f"charembed: {visible(str(error))}", file=sys.stderr)
        status = FAILED if isinstance(error, OptimizerError) else UNUSABLE
    sys.exit(status)


def _positive(kind: type[float]) -> Any:
    def parse(text: str) -> Any:
        number = kind(text)
        if not number > 0:
            raise argparse.ArgumentTypeError("write a number above 0")
        return number

    return parse


def _train(options: argparse.Namespace) -> int:
    from charembed_tui.options import with_options
    from charembed_tui.resuming import RunKeeper, resume
    from charembed_tui.sample_texts import default_sample
    from charembed_tui.settings import TrainingSettings
    from charembed_tui.timeline import Timeline
    from charembed_tui.trainer import Trainer
    from model.corpus import Corpus

    if options.resume is not None:
        run = resume(options.resume or None, options.corpus)
        corpus, path, state = run.corpus, run.path, run.state
        settings, folder = run.folder.configuration.settings, run.folder
    else:
        path = Path(options.corpus or default_sample())
        corpus, state, folder = Corpus.from_file(path), None, None
        settings = with_options(TrainingSettings(), options)
    keep = RunKeeper(corpus, path, folder)
    learned = corpus.merge_rare(settings.minimum_count)
    trainer = Trainer(1, learned, settings, Timeline(most_bytes=0))
    if state is not None:
        trainer.load_state_dict(state)
    report = _Reporter(options.json)
    began = kept = time.monotonic()
    with _interruptible() as interrupted:
        while not (interrupted or trainer.converged or _is_over(options, trainer.steps, began)):
            trainer.step()
            if time.monotonic() - kept >= _SECONDS_BETWEEN_CHECKPOINTS:
                keep(settings, trainer.state_dict())
                kept = time.monotonic()
            report.progress(trainer)
        trainer.measure()
        keep(settings, trainer.state_dict())
    assert keep.folder is not None
    name = keep.folder.path.name
    report.end(trainer, name)
    if interrupted:
        print(
            f"interrupted at step {trainer.steps:,}: charembed train --resume {name} goes on",
            file=sys.stderr,
        )
        return INTERRUPTED
    return DONE


def _is_over(options: argparse.Namespace, steps: int, began: float) -> bool:
    return bool(
        (options.steps and steps >= options.steps)
        or (options.seconds and time.monotonic() - began >= options.seconds)
    )


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Signals that end the program become entries of a list."""
    received: list[int] = []
    names = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {}
    for number in (getattr(signal, name) for name in names):
        before[number] = signal.signal(number, lambda n, _: received.append(n))
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Reporter:
    """Progress: a line that changes on a terminal, lines when piped, objects for machines."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._live = sys.stderr.isatty() and not as_json
        self._told = 0.0

    def progress(self, trainer: Any) -> None:
        now = time.monotonic()
        if now - self._told < (0.2 if self._live else _SECONDS_BETWEEN_LINES):
            return
        self._told = now
        facts = self._facts(trainer)
        if self._json:
            print(json.dumps(facts), flush=True)
        elif self._live:
            print(f"\r\x1b[K{self._line(facts)}", end="", file=sys.stderr, flush=True)
        else:
            print(self._line(facts), file=sys.stderr, flush=True)

    def end(self, trainer: Any, run: str) -> None:
        facts = {**self._facts(trainer), "run": run, "converged": trainer.converged}
        if self._json:
            print(json.dumps(facts), flush=True)
        else:
            start = "\r\x1b[K" if self._live else ""
            print(f"{start}{self._line(facts)}", file=sys.stderr)
            print(run)

    @staticmethod
    def _facts(trainer: Any) -> dict[str, Any]:
        from charembed_tui.snapshot import SessionState

        snapshot = trainer.snapshot(SessionState.RUNNING)
        return {
            "step": snapshot.step,
            "seconds": round(snapshot.seconds, 3),
            "training": snapshot.loss,
            "held_out": snapshot.held_out,
        }

    @staticmethod
    def _line(facts: dict[str, Any]) -> str:
        held_out = facts["held_out"]
        other = "" if held_out is None else f", held out {held_out:.4f}"
        return f"step {facts['step']:,}: {facts['training']:.4f} nats per character{other}"


def _generate(options: argparse.Namespace) -> int:
    import numpy as np

    from charembed_tui.options import with_options
    from charembed_tui.run_folder import find_run
    from charembed_tui.sampling_settings import SamplingSettings
    from model.sampling import Sampler

    folder = find_run(options.run)
    vocabulary = folder.configuration.vocabulary
    model = folder.configuration.settings.model(len(vocabulary))
    settings = with_options(SamplingSettings(), options, "sampling_")
    sampler = Sampler(model, folder.load()["theta"], vocabulary, **settings.arguments())
    rng = np.random.default_rng(None if settings.seed < 0 else settings.seed)
    sys.stdout.write(options.prompt)
    for character in sampler.write(options.prompt, settings.length, rng):
        sys.stdout.write(character)
    sys.stdout.write("\n")
    return DONE


def _evaluate(options: argparse.Namespace) -> int:
    import numpy as np

    from charembed_tui.run_folder import find_run
    from model.corpus import Corpus, read_text
    from model.ngrams import count_ngrams
    from model.objective import Objective

    folder = find_run(options.run)
    vocabulary, settings = folder.configuration.vocabulary, folder.configuration.settings
    model = settings.model(len(vocabulary))
    run = Corpus(np.zeros(0, dtype=np.int32), vocabulary, folder.configuration.corpus_name)
    codes = run.encode(read_text(options.text))
    table = count_ngrams(codes, len(vocabulary), settings.context_length)
    loss = Objective(model, table).value(folder.load()["theta"])
    facts = {"run": folder.path.name, "positions": table.positions, "nats_per_character": loss}
    if options.json:
        print(json.dumps(facts))
    else:
        print(f"{loss:.4f} nats per character over {table.positions:,} positions")
    return DONE


def _export(options: argparse.Namespace) -> int:
    from charembed_tui.exports.data import write_vectors
    from charembed_tui.run_folder import find_run

    folder = find_run(options.run)
    vocabulary = folder.configuration.vocabulary
    model = folder.configuration.settings.model(len(vocabulary))
    options.folder.mkdir(parents=True, exist_ok=True)
    write_vectors(options.folder, model.unpack(folder.load()["theta"])[0], vocabulary)
    print(options.folder)
    return DONE


def _runs(options: argparse.Namespace) -> int:
    from charembed_tui.glyphs import visible
    from charembed_tui.run_folder import RunError, all_runs
    from charembed_tui.settings import changed

    for folder in all_runs():
        configuration = folder.configuration
        try:
            state = folder.load()
            step, curve = int(state["steps"]), state["held_out_curve"]
            curve = curve if len(curve) else state["curve"]
            loss = float(curve[-1][-1])
        except (RunError, IndexError, TypeError):
            step, loss = 0, float("nan")
        own = changed(configuration.settings)
        if options.json:
            facts = {"run": folder.path.name, "corpus": configuration.corpus_name, "step": step}
            print(json.dumps({**facts, "loss": loss if loss == loss else None, "settings": own}))
        else:
            told = ", ".join(f"{name} {value}" for name, value in own.items())
            print(f"{visible(folder.path.name)}  step {step:,}  {loss:.4f}  {told}")
    return DONE


_COMMANDS = {
    "train": _train,
    "generate": _generate,
    "evaluate": _evaluate,
    "export": _export,
    "runs": _runs,
}
