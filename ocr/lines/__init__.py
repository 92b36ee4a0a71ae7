"""From the picture of a text line to its text."""
