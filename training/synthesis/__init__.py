"""Glyphs, lines and pages that are drawn, and photos of them."""
