"""Where memory is used up there is one clear line, a status, and no claim that is not true."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.cli import command
from charembed_tui.exhaustion import USED_UP, is_exhaustion
from charembed_tui.laboratory import background
from charembed_tui.runs.folder import RunFolder
from charembed_tui.storage.locations import runs_directory
from charembed_tui.training.snapshot import SessionState
from charembed_tui.training.trainer import Trainer
from model import memory
from model.errors import OptimizerError

FORMS: list[Exception] = [
    MemoryError(),
    RuntimeError("can't start new thread"),
    ImportError("libopenblas.so: failed to map segment from shared object"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]


def test_it_is_recognized_in_any_form() -> None:
    assert all(map(is_exhaustion, FORMS))
    others: list[Exception] = [RuntimeError("no"), OSError(errno.ENOSPC, "full"), ValueError()]
    assert not any(map(is_exhaustion, others))
    wrapped = OptimizerError("not a word of it")
    wrapped.__context__ = MemoryError()
    assert is_exhaustion(wrapped)
    wrapped.__suppress_context__ = True  # raised from None: it is said already
    assert not is_exhaustion(wrapped)
    wrapped.__cause__ = MemoryError()
    assert is_exhaustion(wrapped)


@pytest.mark.skipif(sys.platform != "linux", reason="not every system has limits of address space")
@pytest.mark.parametrize("module", ["command", "app_command"])
@pytest.mark.parametrize("megabytes", [200, 390])
def test_a_limit_below_any_use_is_named_at_once(module: str, megabytes: int) -> None:
    """Without it, libraries wait for ever for memory or end the process themselves."""
    start = f"from charembed_tui.cli.{module} import main; main(['train'])"
    limited = f'ulimit -v {megabytes << 10}; exec "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", limited, "sh", sys.executable, "-c", start],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"leaves this program {megabytes} MB" in done.stderr


@pytest.mark.parametrize("module", ["command", "app_command"])
def test_a_container_with_too_little_for_any_work_is_named_at_once(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it, the kernel ends the process without a word."""
    monkeypatch.setattr(memory, "available_bytes", lambda: 20 << 20)
    with pytest.raises(SystemExit) as ended:
        import_module(f"charembed_tui.cli.{module}").main(["train"])
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "There are 20 MB of memory for this program" in captured.err


def says(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `charembed` says on standard error, a line each, where it ends with a status."""
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == status
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("error", FORMS)
def test_training_keeps_the_state_before(
    error: Exception,
    text: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    take = Trainer.step

    def take_or_fail(trainer: Trainer) -> None:
        take(trainer)
        if trainer.steps == 3:  # after some of the step's work is done
            raise error

    monkeypatch.setattr(Trainer, "step", take_or_fail)
    said = says(["train", str(text), "--steps", "9"], 3, capsys)
    run = next(iter(runs_directory().iterdir()))
    assert said[-2:] == [
        f"charembed: {USED_UP}",
        f"charembed: Its last good state is kept in {run.name}.",
    ]
    assert RunFolder.open(run).load()["steps"] in (1, 2)


def fails(error: Exception) -> Callable[..., None]:
    """What fails whatever it is called with."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_nothing_is_claimed_where_nothing_is_kept(
    text: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RunFolder, "save", fails(MemoryError()))
    said = says(["train", str(text), "--steps", "9"], 3, capsys)
    assert said[-2:] == [f"charembed: {USED_UP}", "charembed: Nothing of it could be saved."]


@pytest.mark.parametrize("error", FORMS)
def test_whatever_fails_before_training_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "parser", fails(error))
    assert says(["train"], 2, capsys) == [f"charembed: {USED_UP}"]


async def test_the_app_says_so_and_goes_on_where_it_can(
    app: CharembedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In work behind the screen, in training, and at last on the interface's own thread."""

    monkeypatch.setattr(background, "compare", fails(FORMS[1]))
    monkeypatch.setattr(Trainer, "step", fails(FORMS[1]))
    notices: list[str] = []
    last_words: list[object] = []
    panic = app.panic

    def noted(*words: str) -> None:
        last_words.extend(words)
        panic(*words)

    monkeypatch.setattr(app, "panic", noted)

    async def visit() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            monkeypatch.setattr(app.laboratory, "notify", lambda text, **_: notices.append(text))
            await until(lambda: USED_UP in notices)
            await pilot.press("space")
            await until(lambda: app.laboratory.snapshot.state is SessionState.FAILED)
            assert app.laboratory.snapshot.error == USED_UP
            app.call_later(fails(MemoryError()))
            await until(lambda: not app.is_running)

    with pytest.raises(MemoryError):  # for tests, Textual raises again what ended the app
        await visit()
    assert app.return_code == 1
    assert last_words == [f"charembed-tui: {USED_UP}"]
