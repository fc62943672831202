"""A family with what goes with it: n-grams beside it through a gate, and a cache on top."""
