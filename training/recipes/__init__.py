"""How each installed weight file is made: one module a file, and what they share."""
