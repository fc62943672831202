"""What a person can choose: fields that check it, settings, presets, preferences."""
