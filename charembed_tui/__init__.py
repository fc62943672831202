"""A terminal laboratory: open a text, watch a computer learn its characters, let it write."""

__version__ = "0.1.0"
