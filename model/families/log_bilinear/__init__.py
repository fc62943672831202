"""The log-bilinear model: its shape, its exact objective, its predictor."""
