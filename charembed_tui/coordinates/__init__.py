"""Where characters stand on a map: views of embeddings, axes with their ticks, free places."""
