"""Families of models, each in a room of its own behind the protocols of `base`."""
