"""What works on the grey page without its letters."""
