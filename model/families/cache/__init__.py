"""What was said a moment ago, on top of any predictor that looks at windows."""
