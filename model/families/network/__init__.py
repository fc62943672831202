"""Networks: shared embeddings, hidden layers, and direct connections to the logits."""
