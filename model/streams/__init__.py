"""Texts that need not fit in memory: counted block by block, and kept as tables."""
