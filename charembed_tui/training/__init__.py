"""Training without a screen: trainer, trajectory, losses, sessions on a thread."""
