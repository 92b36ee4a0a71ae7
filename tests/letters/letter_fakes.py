"""Pages of monospaced capitals, as boxes."""

import numpy as np


def page_of(text, letter=20, gap=8, space=26, leading=50, slope=0.0):
    """Boxes of monospaced capitals, `letter` pixels high, and the line of each."""
    boxes, owners = [], []
    for number, row in enumerate(text.splitlines()):
        x = 10.0
        for character in row:
            if character == " ":
                x += space - gap
                continue
            y = 100 + number * leading + slope * x
            top, bottom = (0.9, 1.0) if character == "." else (0.0, 1.0)
            width = 0.15 if character == "." else 0.7
            boxes.append([y + top * letter, x, y + bottom * letter, x + width * letter])
            owners.append(number)
            x += width * letter + gap
    return np.round(np.array(boxes)).astype(int), np.array(owners)


TEXT = "MAKE A LIST.\nOF ALL THINGS\nTO DO."
