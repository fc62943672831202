"""What is on the screen: one widget a file, each knows only what it shows."""
