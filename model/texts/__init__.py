"""Texts as people have them: found, opened, decoded piece by piece, recognized as lists."""
