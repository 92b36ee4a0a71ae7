"""Reading letter by letter: find, group and classify them."""
