"""What a run leaves for other programs and other people: data, pictures, an animation."""
