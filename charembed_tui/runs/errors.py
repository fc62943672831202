"""What can be wrong with a run folder."""

from __future__ import annotations

from model.errors import CharembedError


class RunError(CharembedError):
    """A run folder cannot be used."""


class CheckpointError(CharembedError, ValueError):
    """A checkpoint is damaged, or not one."""
