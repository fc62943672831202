from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from charembed_tui.settings.fields import Number
from charembed_tui.widgets.number_field import NumberField


class Form(App[None]):
    def compose(self) -> ComposeResult:
        yield NumberField("top_k", Number("top-k", 1, 10, word="off"), 0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("3", None),
        ("off", None),
        ("11", "top-k: from 1 to 10"),
        ("", "top-k: write a whole number, or off"),
        ("3.5", "top-k: write a whole number, or off"),
    ],
)
async def test_a_field_marks_what_is_not_allowed(text: str, error: str | None) -> None:
    app = Form()
    async with app.run_test() as pilot:
        field = app.query_one(NumberField)
        assert field.value == "off"
        assert field.read() == 0
        field.value = text
        await pilot.pause()
        assert field.error() == error
        assert field.has_class("-invalid") is (error is not None)
