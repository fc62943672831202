"""Everything this project raises on purpose. Each message says what, with what, and what to do."""


class CharembedError(Exception):
    """Base class: catch this to catch every error the project raises on purpose."""


class CorpusError(CharembedError, ValueError):
    """A text cannot be read, or cannot be learned from."""


class SettingsError(CharembedError, ValueError):
    """A setting is out of range or does not fit another one."""


class Cancelled(CharembedError):
    """Long work was stopped because somebody asked for it."""


class OptimizerError(CharembedError, RuntimeError):
    """An optimizer cannot go on: non-finite values, or a state that does not fit."""
