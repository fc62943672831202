from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "charembed_tui" / "README.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/*]+\.py)(?:: ([\w.]+))?", NOTES)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_step_names_a_file_and_what_is_in_it(file: str, name: str) -> None:
    places = (ROOT / "charembed_tui", ROOT, *ROOT.glob("*/*/"), *ROOT.glob("model/families/*/"))
    found = [path for place in places for path in place.glob(file)]
    assert found
    for part in name.split(".") if name else ():
        assert re.search(rf"(def|class) {part}\b", found[0].read_text(encoding="utf-8"))
