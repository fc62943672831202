"""A family beside counts: two distributions and a gate that says how much to believe each."""
