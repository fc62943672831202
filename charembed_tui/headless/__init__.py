"""`charembed`: training, writing and measuring without a screen, on the same run folders."""

from charembed_tui.headless.command_line import main

__all__ = ["main"]
