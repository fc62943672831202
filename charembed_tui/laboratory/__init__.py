"""The main screen: its panes, its actions, the one table of its keys."""
