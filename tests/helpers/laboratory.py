"""The app on a text, as the command line opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from charembed_tui.app import CharembedApp
from charembed_tui.runs.plan import Plan
from charembed_tui.settings.preferences import Preferences
from model.corpus import Corpus


def laboratory(path: Path, preferences: Preferences | None = None, **options: Any) -> CharembedApp:
    """The app on the text at a path; at full speed, since tests do not watch."""
    preferences = preferences or Preferences()
    plan = Plan(Corpus.from_file(path), path, preferences.training)
    app = CharembedApp(plan, preferences, **options)
    sessions = app.laboratory.sessions
    sessions.is_paced = False
    sessions.current.set_pace(is_paced=False)
    return app
