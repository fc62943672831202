"""`charembed count`, and training on what it made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import charembed as run
from problems import PLAY

from charembed_tui.runs.catalogue import find_run
from model.streams.count_texts import count_texts
from model.streams.table_file import load_table


def facts(*arguments: str | Path) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def long_text(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text(PLAY * 200)
    return path


def test_texts_add_up_whichever_way(long_text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Quite another text: ñandú!\n" * 300)
    once, twice = tmp_path / "once.table", tmp_path / "twice.table"
    together = facts("count", long_text, other, "--table", once, "--held-out", "0")
    facts("count", long_text, "--table", twice, "--held-out", "0")
    added = facts("count", other, "--table", twice, "--add", "--held-out", "0")
    for name in ("characters", "vocabulary", "contexts", "ngrams", "positions"):
        assert together[name] == added[name]
    joined = facts("count", once, twice, "--table", tmp_path / "both.table")
    assert joined["positions"] == 2 * together["positions"]
    assert together["characters"] == len(long_text.read_text()) + len(other.read_text())


def test_training_on_a_table_is_training_on_its_counts(long_text: Path, tmp_path: Path) -> None:
    table = tmp_path / "long.table"
    counted = facts("count", long_text, "--table", table, "--context-length", "2")
    assert counted["held_out"] > 0
    small = ["--embedding-size", "2", "--context-length", "2"]
    trained = facts("train", "--table", table, *small, "--steps", "12")
    assert 0 < trained["held_out"] < 4
    again = facts("train", table, *small, "--steps", "6")
    resumed = facts("train", "--resume", again["run"], "--steps", "12")
    assert resumed["training"] == trained["training"]
    assert resumed["held_out"] == trained["held_out"]
    run_folder = find_run(trained["run"])
    assert run_folder.configuration.vocabulary == load_table(table).vocabulary
    written = facts("generate", trained["run"], "--length", "30")
    assert len(written["text"]) == 30
    novelty = written["novelty"]  # of which counts know no more
    assert (novelty["longest_run"], novelty["longest_run_is_at_least"]) == (3, True)
    assert set(novelty["pieces_in_text"].values()) == {None}


def test_another_table_is_not_gone_on_with(long_text: Path, tmp_path: Path) -> None:
    table = tmp_path / "long.table"
    facts("count", long_text, "--table", table)
    trained = facts("train", table, "--steps", "3")
    facts("count", long_text, "--table", table, "--add")
    refused = run("train", "--resume", trained["run"])
    assert refused.returncode == 2
    assert "has changed" in refused.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mix-ngrams", "3"], "need the text itself"),
        (["--model", "n-grams"], "need the text itself"),
        (["--context-length", "7"], "choose 1 to 3"),
        (["--cluster", "local", "--context-length", "2"], "trains on a table as it is"),
    ],
)
def test_what_needs_more_than_the_table_says_so(
    long_text: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    table = tmp_path / "long.table"
    facts("count", long_text, "--table", table)
    refused = run("train", table, *options, "--steps", "2")
    assert refused.returncode == 2
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_lists_are_recognized_and_tables_of_lists_get_lists(tmp_path: Path) -> None:
    names, table = tmp_path / "names.txt", tmp_path / "names.table"
    names.write_text("\n".join(a + b + c for a in "abcde" for b in "fghij" for c in "klmno"))
    counted = run("count", names, "--table", table)
    assert "names.txt looks like a list" in counted.stderr
    assert load_table(table).is_list
    facts("train", table, "--context-length", "1", "--steps", "2")
    assert "leaving out what the list has needs the text itself" in run("generate", "--new").stderr
    few = tmp_path / "few.txt"  # which would be no list by its look
    few.write_text("one\ntwo\n")
    assert run("count", few, "--table", table, "--add").returncode == 0
    assert load_table(table).is_list
    plain = tmp_path / "plain.table"
    assert run("count", names, "--table", plain, "--no-lines").stderr == ""
    assert not load_table(plain).is_list


def test_a_table_goes_alone(long_text: Path, tmp_path: Path) -> None:
    table = tmp_path / "long.table"
    facts("count", long_text, "--table", table)
    for words, message in (
        ([table, long_text], "long.table is a table of counts, which goes alone"),
        ([long_text, "--table", table], "leave out the texts"),
        (["--table", long_text], "long.txt is no table"),
    ):
        refused = run("train", *words, "--steps", "2")
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert message in refused.stderr


def test_a_file_that_is_no_table_is_not_replaced(long_text: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("do not lose me")
    refused = run("count", long_text, "--table", precious)
    assert refused.returncode == 2
    assert "choose another name" in refused.stderr
    assert precious.read_text() == "do not lose me"


def test_workers_count_the_same_and_say_whether_they_pay(long_text: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs the extra cluster")
    table, here = tmp_path / "there.table", count_texts(long_text, 3, held_out=0.1)
    counted = facts("count", long_text, "--table", table, "--cluster", "local", "--workers", "2")
    assert counted["positions"] == here.training.positions
    trained = run("train", table, "--cluster", "local", "--workers", "1", "--steps", "2", "--json")
    assert trained.returncode == 0, trained.stderr
    assert "a round over 1 workers" in trained.stderr
    assert json.loads(trained.stdout.splitlines()[-1])["step"] == 2
