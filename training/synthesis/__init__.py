"""Glyphs, lines and pages that are drawn, and photos of them.

What is drawn is drawn at random: a slant, a gap, the size of a stain. The ranges of these draws
were set by hand, and what came of them looked at as pictures; none was chosen by a measurement of
its own. A range that is used once stands in the line that draws from it, whose variable says of
what. Shares, limits and what several functions use have names, in a configuration or at the top of
the module.
"""
