"""The three changes that CONTRIBUTING walks through, done as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from laboratory import laboratory
from problems import PLAY, logistic, quadratic
from waiting import until

from charembed_tui import app as app_module
from charembed_tui.laboratory import commands, plot_actions, screen
from charembed_tui.laboratory.screen import LaboratoryScreen
from charembed_tui.screens.help import HelpScreen
from charembed_tui.settings.preferences import Preferences
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.trainer import Trainer
from charembed_tui.training.trajectory import Trajectory
from model.corpus import Corpus
from model.families import registry as families
from model.optimizers import registry as optimizers
from model.parts import FunctionSum
from model.sampling import generate

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, flags=re.S | re.M))
CORPUS = Corpus.from_text(PLAY * 4)


def blocks(heading: str, language: str = "python") -> list[str]:
    """The blocks of code below a heading."""
    return re.findall(rf"```{language}\n(.*?)```", SECTIONS[heading], flags=re.S)


OPTIMIZER, OPTIMIZER_ROW, OPTIMIZER_TEST = blocks("An optimizer")
FAMILY, FAMILY_ROW, FAMILY_TEST = blocks("A family of models")
COMMAND_ROW, COMMAND, COMMAND_TEST = blocks("A command")


def module(name: str, code: str, patch: pytest.MonkeyPatch) -> ModuleType:
    """A module of this code, which is found under its name as if it were a file."""
    made = ModuleType(name)
    patch.setitem(sys.modules, name, made)
    exec(compile(code, f"CONTRIBUTING.md: {name}", "exec"), made.__dict__)
    return made


def entry(row: str, names: Mapping[str, Any]) -> Any:
    """What a line in a list makes."""
    return eval(row.strip().removesuffix(","), dict(names))


def trainer(settings: TrainingSettings, steps: int) -> Trainer:
    made = Trainer(1, settings.prepare(CORPUS), settings, Trajectory())
    for _ in range(steps):
        made.step()
    made.measure()
    return made


def test_commands_are_those_of_the_readme_and_of_ci() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    tests, others, page = (block.splitlines() for block in blocks("Set up", "sh"))
    assert tests[0] in readme
    assert set(tests + others) <= set(ci)
    assert any(
        line.startswith(page[0].split(" -m ")[0]) and "-m pdoc -d google" in line for line in ci
    )


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("model/optimizers/rprop.py", OPTIMIZER),
        ("model/families/biased_bigrams.py", FAMILY),
        ("tests/model/families/test_biased_bigrams.py", FAMILY_TEST),
    ],
    ids=["optimizer", "family", "test of the family"],
)
def test_files_pass_lint_as_they_stand(path: str, code: str) -> None:
    assert f"`{path}`:\n\n```python\n{code}" in TEXT
    ruff = [sys.executable, "-m", "ruff"]
    ours = "lint.isort.known-first-party = ['charembed_tui', 'model']"  # there is no such file yet
    for command in (["check", "--config", ours], ["format", "--check"]):
        done = subprocess.run(
            [*ruff, *command, "--no-cache", "--stdin-filename", path, "-"],
            input=code,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_files_that_are_said_to_be_there_are() -> None:
    new = {"model/optimizers/rprop.py", "model/families/biased_bigrams.py"}
    new.add("tests/model/families/test_biased_bigrams.py")
    for path in set(re.findall(r"`((?:model|charembed_tui|tests)/[\w/.]+)`", TEXT)) - new:
        assert (ROOT / path).exists(), path


@pytest.fixture
def rprop(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    made = module("model.optimizers.rprop", OPTIMIZER, monkeypatch)
    with optimizers.registered(entry(OPTIMIZER_ROW, vars(optimizers))):
        yield made


def test_the_optimizer_trains_and_goes_on_bit_for_bit(rprop: ModuleType) -> None:
    settings = TrainingSettings(context_length=2, optimizer="Rprop")
    straight = trainer(settings, 60)
    first = trainer(settings, 0)
    assert straight.measured.training < first.measured.training - 1.0
    state = straight.state_dict()
    again = trainer(settings, 0)
    again.load_state_dict(state)
    for _ in range(20):
        straight.step()
        again.step()
    np.testing.assert_array_equal(again.optimizer.theta, straight.optimizer.theta)


def test_the_optimizer_says_how_large_its_state_is(rprop: ModuleType) -> None:
    made = trainer(TrainingSettings(context_length=2, optimizer="Rprop"), 3)
    arrays = [v for v in made.optimizer.state_dict().values() if isinstance(v, np.ndarray)]
    size = made.model.parameter_count
    estimate = optimizers.state_bytes("Rprop", size, len(made.table.contexts), {})
    assert estimate == sum(a.nbytes for a in arrays if a.size == size)


@pytest.mark.parametrize("problem", [quadratic(0, 4, 6), quadratic(1, 8, 60), logistic(2, 5, 8)])
def test_the_line_for_the_tests_of_optimizers(rprop: ModuleType, problem: Any) -> None:
    def one_part(whole: FunctionSum) -> FunctionSum:
        return FunctionSum(lambda theta, _: whole.value_and_gradient(theta))

    names = {"Rprop": rprop.Rprop, "one_part": one_part}
    made = eval("{" + OPTIMIZER_TEST + "}", names)["Rprop"](problem, 0)
    for _ in range(600):
        made.step()
    best = problem.theta0
    for _ in range(2000):  # plain descent, slowly
        best = best - 0.02 * problem.objective.value_and_gradient(best)[1]
    start, least = problem.total(problem.theta0), problem.total(best)
    assert problem.total(made.theta) - least < 0.02 * (start - least)


@pytest.fixture
def bigrams(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    made = module("model.families.biased_bigrams", FAMILY, monkeypatch)
    with families.registered(entry(FAMILY_ROW, vars(families))):
        yield made


@pytest.mark.parametrize("optimizer", optimizers.names())
def test_the_family_is_trained_by_every_optimizer(bigrams: ModuleType, optimizer: str) -> None:
    settings = TrainingSettings(model="biased bigrams", context_length=2, optimizer=optimizer)
    before, after = trainer(settings, 0), trainer(settings, 60)
    assert isinstance(after.model, bigrams.BiasedBigrams)
    assert after.measured.training < before.measured.training - 0.5
    assert after.measured.held_out is not None


def test_the_family_writes_the_text_it_has_learned(bigrams: ModuleType) -> None:
    corpus = Corpus.from_text("abcde" * 50)
    settings = TrainingSettings(model="biased bigrams", context_length=1, held_out=0)
    made = Trainer(1, settings.prepare(corpus), settings, Trajectory())
    for _ in range(100):
        made.step()
    predictor = made.model.predictor(made.optimizer.theta)
    assert "".join(generate(predictor, corpus.vocabulary, "a", 9, seed=0)) == "bcdeabcde"


def test_the_family_passes_its_own_tests(
    bigrams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = vars(module("test_biased_bigrams", FAMILY_TEST, monkeypatch))
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> commands.Command:
    """The row and the method, in their places."""
    monkeypatch.setenv("CHAREMBED_RUNS", str(tmp_path / "runs"))
    row = entry(COMMAND_ROW, vars(commands))
    method = dict(vars(plot_actions))
    exec(textwrap.dedent(COMMAND), method)
    members = {name: value for name, value in method.items() if name.startswith("action_")}
    with_it = type("WithIt", (LaboratoryScreen,), {"BINDINGS": [row.binding], **members})
    monkeypatch.setattr(app_module, "LaboratoryScreen", with_it)
    longer = (*commands.COMMANDS, row)
    for place in (commands, screen):
        monkeypatch.setattr(place, "COMMANDS", longer)
    return row


async def test_the_command_passes_its_own_test(command: commands.Command, tmp_path: Path) -> None:
    names: dict[str, Any] = {"until": until}
    exec("from __future__ import annotations\n" + COMMAND_TEST, names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    await test(example_app(tmp_path))


async def test_the_command_is_in_every_list(command: commands.Command, tmp_path: Path) -> None:
    assert command.key not in {other.key for other in commands.COMMANDS[:-1]}
    app = example_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.laboratory.snapshot.loss is not None)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpScreen))
        assert "copy the losses" in {
            text for column in commands.help_columns() for group in column for _, text in group.keys
        }
        found = [c for c in app.laboratory.system_commands() if c.title == command.title]
        assert len(found) == 1
        await found[0].callback()
        assert app.clipboard.endswith("held out")


def example_app(folder: Path) -> app_module.CharembedApp:
    path = folder / "play.txt"
    path.write_text(PLAY * 4, encoding="utf-8")
    return laboratory(path, Preferences(training=TrainingSettings(optimizer="Adam")))
