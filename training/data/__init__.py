"""Data sets and where they are found."""
