"""The README keeps its word."""

import re
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CI = (Path(__file__).parent.parent / ".ci" / "run").read_text(encoding="utf-8")


def test_code_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert blocks
    for block in blocks:
        names: dict[str, object] = {}
        exec(compile(block, "README.md", "exec"), names)
        assert len(str(names["text"])) == 40


def test_ci_runs_the_test_command() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", README, flags=re.S)
    assert len(commands) == 2
    assert commands[1] in CI.splitlines()


def test_every_key_of_the_app_is_reported() -> None:
    from charembed_tui.laboratory.commands import COMMANDS

    signs = {
        "question_mark": "?",
        "escape": "esc",
        "left_square_bracket": "[",
        "right_square_bracket": "]",
        "left_curly_bracket": "{",
        "right_curly_bracket": "}",
        "backslash": "\\",
        "less_than_sign": "<",
        "greater_than_sign": ">",
    }
    for command in COMMANDS:
        key = command.key.split(",")[0].split("+")[0]
        assert f"`{signs.get(key, key)}`" in README, command.title
