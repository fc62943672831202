"""Characters and texts as people see them: glyphs, classes, sample texts, facts."""
