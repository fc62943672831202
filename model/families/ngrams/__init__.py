"""Counting models: what followed the longest contexts that the training text has, smoothed."""
