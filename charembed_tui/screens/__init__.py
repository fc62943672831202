"""Screens that come in front of the laboratory."""
