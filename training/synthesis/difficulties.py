"""The kinds of pages that are generated, from clean to joined writing on a desk."""

from __future__ import annotations

from dataclasses import dataclass

from training.synthesis.paper import RULINGS

# Families whose letters stand apart, as in hand print.
PRINT_FAMILIES = (
    "architects-daughter", "covered-by-your-grace", "crafty-girls", "dekko", "fuzzy-bubbles",
    "gaegu", "gamja-flower", "give-you-glory", "gloria-hallelujah", "gochi-hand", "handlee",
    "hi-melody", "indie-flower", "just-me-again-down-here", "kalam", "klee-one", "liu-jian-mao-cao",
    "long-cang", "loved-by-the-king", "mali", "mansalva", "mynerve", "nanum-pen-script",
    "over-the-rainbow", "pangolin", "patrick-hand-sc", "permanent-marker", "poor-story",
    "schoolbell", "shadows-into-light", "shadows-into-light-two", "short-stack", "single-day",
    "sue-ellen-francisco", "sunshiney", "the-girl-next-door", "waiting-for-the-sunrise",
    "walter-turncoat", "yomogi", "zen-kurenaido", "zeyada",
)  # fmt: skip
# Families that draw capitals for small letters; what they write is capitals.
CAPITAL_FAMILIES = ("patrick-hand-sc", "permanent-marker", "walter-turncoat")
# Families whose letters join.
JOINED_FAMILIES = (
    "bad-script", "beth-ellen", "calligraffitti", "caveat", "cedarville-cursive", "cookie",
    "dancing-script", "dawning-of-a-new-day", "homemade-apple", "kristi", "la-belle-aurore",
    "marck-script", "meddon", "nothing-you-could-do", "sacramento", "satisfy", "vibur",
    "yesteryear",
)  # fmt: skip

WHITES = ((0.86, 0.86, 0.85), (0.83, 0.83, 0.80), (0.88, 0.88, 0.88))
TINTS = ((0.84, 0.78, 0.64), (0.88, 0.74, 0.25), (0.60, 0.60, 0.58), (0.60, 0.76, 0.84))
BOARDS = ((0.03, 0.055, 0.042), (0.035, 0.036, 0.038), (0.07, 0.08, 0.085))
INKS = ("blue ballpoint", "black ballpoint", "blue gel", "black gel", "felt")
CHALKS = ("chalk", "chalk", "yellow chalk")


@dataclass(frozen=True)
class Difficulty:
    """What a kind of page may have. Angles are the largest, in degrees.

    Attributes
    ----------
    joined : bool
        Cursive instead of print.
    pens, rulings, desks : tuple of str
        From `training.synthesis.pens.PENS`, `RULINGS` and `training.synthesis.camera.DESKS`; one is
        drawn.
    tinted : bool
        Cream, yellow, grey or blue paper.
    tilt, pitch, yaw : float
    curl : float
        Largest height of the wave that a bent sheet makes, in heights of capitals.
    leading : (float, float)
        From one baseline to the next on plain paper, in heights of capitals.
    surround : float
        Free space around the sheet as a fraction of the photo; below 0 the photo is filled by
        the writing.
    light : float
        Largest share of light lost across the photo.
    shadow : bool
        A phone's or a hand's shadow falls on the page.
    dim : float
        Exposure as a fraction of a good one.
    blur : float
        Largest standard deviation of the defocus in pixels.
    noise : float
        Of the sensor, relative to white.
    columns : bool
        Two blocks of text side by side under a heading.
    headings : bool
        Parts with a heading each, two to three times as large as what follows it.
    real : bool
        The paper of a real page, with its rules, folds, stains and edges.
    turned : bool
        Turned by 90, 180 or 270 degrees.
    strokes : {"", "characters", "words"}
        Pen strokes of UNIPEN instead of a font: characters set in print, or words as written.
    mixed : bool
        Every line with a pen of its own.
    through : bool
        The writing on the back of the sheet shows through.
    board : bool
        Chalk on a board.
    negative : bool
        The picture is inverted, as some scans are.
    blank : bool
        Nothing is written, or there is no paper at all.
    """

    joined: bool = False
    pens: tuple[str, ...] = INKS
    rulings: tuple[str, ...] = ("plain",)
    desks: tuple[str, ...] = ("none",)
    tinted: bool = False
    tilt: float = 3.0
    pitch: float = 4.0
    yaw: float = 3.0
    curl: float = 0.0
    leading: tuple[float, float] = (1.75, 2.4)
    surround: float = -1.0
    light: float = 0.3
    shadow: bool = False
    dim: float = 1.0
    blur: float = 0.9
    noise: float = 0.010
    columns: bool = False
    headings: bool = False
    real: bool = False
    turned: bool = False
    strokes: str = ""
    mixed: bool = False
    through: bool = False
    board: bool = False
    negative: bool = False
    blank: bool = False


_ON_DESK = ("wood", "dark", "plain")
DIFFICULTIES = {
    "clean": Difficulty(tilt=0.7, pitch=0, yaw=0, light=0.08, blur=0.6, noise=0.004),
    "photo": Difficulty(),
    "light": Difficulty(light=0.6, shadow=True, tinted=True),
    "faint": Difficulty(pens=("pencil", "pencil", "blue ballpoint"), dim=0.6, noise=0.014),
    "ruled": Difficulty(rulings=("ruled", "ruled margin", "grid", "dots")),
    "desk": Difficulty(desks=_ON_DESK, surround=0.06, pitch=16, yaw=10, tilt=5),
    "tilted": Difficulty(desks=_ON_DESK, tilt=15, curl=0.5),
    "blurred": Difficulty(blur=2.0, noise=0.018),
    "marker": Difficulty(pens=("marker",), tinted=True),
    "columns": Difficulty(columns=True),
    "curled": Difficulty(curl=1.2),
    "joined": Difficulty(joined=True),
    "dense": Difficulty(joined=True, leading=(1.25, 1.6)),
    "interlaced": Difficulty(joined=True, leading=(1.0, 1.2)),
    "headings": Difficulty(headings=True),
    "real paper": Difficulty(real=True, light=0.1),
    "turned": Difficulty(turned=True),
    "strokes": Difficulty(strokes="characters"),
    "words": Difficulty(strokes="words"),
    "mixed": Difficulty(pens=("pencil", "marker", "fineliner"), mixed=True, light=0.4),
    "through": Difficulty(through=True, tinted=True),
    "board": Difficulty(pens=CHALKS, board=True, light=0.5, noise=0.014),
    "negative": Difficulty(negative=True),
    "blank": Difficulty(
        rulings=RULINGS, desks=("none", *_ON_DESK), light=0.6, shadow=True, pitch=16, blank=True
    ),
}
