"""Runs on disk: what is kept of each, going on with one, following one."""
