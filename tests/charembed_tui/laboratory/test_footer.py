"""The last row: what can be done now, and what there is to say."""

from __future__ import annotations

from textual.widgets import Input
from waiting import until

from charembed_tui.app import CharembedApp
from charembed_tui.laboratory.commands import COMMANDS, Moment, hints
from charembed_tui.settings.preferences import Preferences
from charembed_tui.training.snapshot import SessionState


def words(app: CharembedApp) -> list[str]:
    return [hint.word for hint in app.laboratory.panes.footer.hints]


def test_every_moment_has_its_hints_and_how_to_leave() -> None:
    for moment in Moment:
        found = hints(moment)
        keys = [hint.key for hint in found]
        assert len(keys) == len(set(keys))
        assert "escape" in keys or "question_mark" in keys


async def test_the_footer_goes_with_what_a_person_does(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        await until(lambda: words(app)[:1] == ["Train"])
        await pilot.press("space")
        await until(lambda: words(app)[:1] == ["Pause"])
        await until(lambda: app.laboratory.snapshot.step > 20)
        await pilot.press("space")
        await until(lambda: words(app)[:2] == ["Go on", "One step"])
        await pilot.press("[")
        await until(lambda: words(app)[:2] == ["Step", "To the newest"])
        await pilot.press("{", "<", "\\")  # all of it: from near the end it is over in no time
        await until(lambda: words(app)[:1] == ["Stop"])
        await pilot.press("}", "a")
        await until(lambda: words(app)[:1] == ["Write"])
        await pilot.press("escape", "h", "tab", "tab")
        assert isinstance(app.focused, Input)
        await until(lambda: words(app)[:2] == ["Next field", "Leave"])
        await pilot.press("escape", "m")
        await until(lambda: words(app)[:1] == ["Next character"])


async def test_hints_are_whole_and_do_what_they_say_where_they_are_clicked(
    app: CharembedApp,
) -> None:
    async with app.run_test(size=(40, 24)) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None and words(app))
        footer = app.laboratory.panes.footer
        row = footer.render_line(0).text
        assert len(words(app)) < len(hints(Moment.READY))
        assert all(word in row for word in words(app))
        assert "…" not in row
        await pilot.click(footer, offset=(2, 0))
        await until(lambda: app.laboratory.snapshot.state is SessionState.RUNNING)


async def test_notices_cover_nothing(app: CharembedApp) -> None:
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(lambda: app.laboratory.snapshot.theta is not None)
        panes = app.laboratory.panes
        footer, above = panes.footer, panes.generation
        app.notify("short", title="Note")
        await until(lambda: footer.notice == "Note: short")
        assert footer.region.height == 1
        app.notify("many [words] " * 20, markup=False, severity="error")
        await until(lambda: footer.region.height > 1)
        await until(lambda: above.region.bottom == footer.region.y)
        rows = [footer.render_line(y).text for y in range(footer.region.height)]
        assert sum(row.count("[words]") for row in rows) == 20
        everything = footer.region.bottom == 36
        assert everything
        await pilot.click(footer)
        await until(lambda: footer.notice == "Note: short")
        await pilot.click(footer)
        await until(lambda: not footer.notice and footer.region.height == 1)
        assert all(toast.size.area == 0 for toast in app.screen.query("ToastRack"))
        app.notify("gone soon", timeout=0.2)
        await until(lambda: footer.notice)
        await until(lambda: not footer.notice)


async def test_the_welcome_goes_at_the_first_key(app: CharembedApp) -> None:
    app = CharembedApp(app.laboratory.sessions.plan, Preferences(is_new=True))
    async with app.run_test(size=(80, 24)) as pilot:
        panes = app.laboratory.panes
        await until(lambda: panes.footer.region.height == 3)
        assert panes.embedding.region.bottom <= panes.footer.region.y
        await pilot.press("x")
        await until(lambda: panes.footer.region.height == 1)
        assert panes.embedding.components == (2, 1)  # which does what it does all the same


def test_the_footer_speaks_of_commands_there_are() -> None:
    keys = {key for command in COMMANDS for key in command.key.split(",")}
    others = {"enter", "escape", "tab", "up", "left"}
    assert {hint.key for moment in Moment for hint in hints(moment)} <= keys | others
