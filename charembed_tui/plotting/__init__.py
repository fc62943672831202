"""Plots: what is to be seen as a value, and the widgets that draw it."""
