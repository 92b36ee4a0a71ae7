"""How well pages are read whose text is known."""
