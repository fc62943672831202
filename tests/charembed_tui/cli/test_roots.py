"""Who comes through a browser reads nothing but texts and runs in the folders that were named."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from laboratory import laboratory
from problems import PLAY
from saved_run import saved_run
from served import served
from textual.widgets import DirectoryTree
from waiting import until

from charembed_tui.cli.app_command import main
from charembed_tui.runs.catalogue import all_runs, find_run
from charembed_tui.runs.errors import RunError
from charembed_tui.runs.folder import RunFolder
from charembed_tui.runs.opening import resume
from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.storage.atomic import write_whole
from charembed_tui.storage.locations import export_folder
from charembed_tui.text.sample_texts import default_sample
from model.corpus import Corpus
from model.errors import CorpusError
from model.streams.count_texts import count_texts
from model.streams.table_file import save_table
from model.texts.roots import restrict_to

if sys.platform == "win32":
    pytest.skip("links need a right of their own on Windows", allow_module_level=True)

SETTINGS = TrainingSettings(context_length=1, embedding_size=2, optimizer="Adam")
OUTSIDE = "outside of the folders that this program was started with"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text, and with links to a text, a folder and a run outside of it."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "texts", root / "runs", outside):
        folder.mkdir(parents=True)
    for path in (root / "texts" / "play.txt", outside / "secret.txt"):
        path.write_text(PLAY * 2, encoding="utf-8")
    (root / "texts" / "link.txt").symlink_to(outside / "secret.txt")
    (root / "texts" / "linked").symlink_to(outside)
    monkeypatch.setenv("CHAREMBED_RUNS", str(outside / "runs"))
    run = saved_run(outside / "secret.txt", SETTINGS, 2)[0].path
    (root / "runs" / "linked").symlink_to(run)
    shutil.copytree(run, root / "runs" / "of_a_secret")
    shutil.copyfile(root / "runs" / "of_a_secret" / "run.json", outside / "run.json")
    save_table(count_texts([str(outside / "secret.txt")], 1), outside / "table")
    monkeypatch.setenv("CHAREMBED_RUNS", str(root / "runs"))
    return root


@pytest.fixture
def restricted(root: Path) -> Iterator[Path]:
    restrict_to([root])
    yield root
    restrict_to([])


@pytest.mark.parametrize(
    "name",
    [
        "../outside/secret.txt",
        "../outside/table",
        "../outside/nothing_there",
        "../outside/*",
        "../outside",
        "texts/link.txt",
        "texts/linked/secret.txt",
        "texts/linked",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.invalid/text.txt",
        "/dev/stdin",
        "/proc/self/environ",
        "x" * 5000 + "/../../outside/secret.txt",
    ],
)
def test_no_text_outside_is_read(
    restricted: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(restricted)
    with pytest.raises(CorpusError, match=OUTSIDE):
        Corpus.from_files([name])


def test_what_is_found_outside_is_left_out(
    restricted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(restricted)
    for name in ("texts", "texts/*", "*/*.txt", "texts/play.txt", str(restricted / "texts")):
        assert [Path(file.path).name for file in Corpus.from_files([name]).files] == ["play.txt"]
    with pytest.raises(CorpusError, match="does not exist"):
        Corpus.from_files(["texts/*/secret.txt"])


def test_no_run_outside_is_read_and_nothing_is_written_there(restricted: Path) -> None:
    outside = restricted.parent / "outside"
    for path in (restricted / "runs" / "linked", next((outside / "runs").iterdir())):
        for name in (str(path), path.name):
            with pytest.raises(RunError):
                find_run(name)
        with pytest.raises(RunError, match=OUTSIDE):
            RunFolder.open(path)
    assert [folder.path.name for folder in all_runs()] == ["of_a_secret"]
    with pytest.raises(CorpusError, match=OUTSIDE):
        resume("of_a_secret")
    (restricted / "runs" / "of_a_secret" / "exports").symlink_to(outside)
    with (
        pytest.raises(OSError, match=OUTSIDE),
        export_folder(find_run("of_a_secret").path, "play.txt", datetime(2026, 1, 2)) as folder,
    ):
        write_whole(folder / "sample.txt", b"text")
    assert not list(outside.glob("20*"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["{root}/../outside/secret.txt"], OUTSIDE),
        (["{root}/texts/link.txt"], OUTSIDE),
        (["--resume", "{root}/../outside/run.json"], "no run|is no run|outside"),
        (["--resume", "of_a_secret"], OUTSIDE),
        (["--follow", "{root}/runs/linked"], OUTSIDE),
        (["--from", "{root}/runs/linked", "{root}/texts/play.txt"], OUTSIDE),
        (["--runs", "{root}/../outside"], "The folder of runs.*" + OUTSIDE),
        (["--root", "{root}/nothing"], "is no folder"),
    ],
)
def test_the_program_does_not_begin_outside(
    root: Path, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(root=root) for word in arguments]
    try:
        with pytest.raises(SystemExit, match="2"):
            main(["--root", str(root), *words])
    finally:
        restrict_to([])
    assert re.search(reason, capsys.readouterr().err.replace("\n", " "))


async def test_a_visitor_sees_what_is_inside(restricted: Path) -> None:
    restrict_to([restricted, default_sample().parent])
    app = laboratory(default_sample())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await pilot.press("o")
        tree = app.query_one("#files", DirectoryTree)
        await until(lambda: tree.root.children)
        assert tree.path == restricted.resolve()
        texts = next(node for node in tree.root.children if "texts" in str(node.label))
        texts.expand()
        await until(lambda: texts.children)
        assert ["play.txt" in str(node.label) for node in texts.children] == [True]


def test_the_program_as_it_is_served_to_a_browser(root: Path) -> None:
    with served("--root", str(root), str(root / "texts")) as program:
        program.wait_for(b"ready")
        program.send("O")
        program.wait_for(b"of_a_secret")
        program.send("O")
        program.send("q")
        assert program.end() == 0
        assert b"linked" not in program.seen
