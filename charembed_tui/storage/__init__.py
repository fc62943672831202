"""Where files go on each platform, and how they are written."""
