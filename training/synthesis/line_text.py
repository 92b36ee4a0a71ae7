"""What synthetic text lines say.

A line recognizer that has only seen prose guesses; one that has only seen random strings cannot
use the little context it has. So most lines are prose, and the rest is what people write besides:
capitals, lists, numbers, dates, prices, addresses, and strings without any sense.
"""

from __future__ import annotations

import lzma
import string
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from training.data.scans import open_scans
from training.data.text import ACCENTED, ASCII, SIGNS, Corpus, fold_text, writable

MONTHS = (
    "Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec",
)  # fmt: skip
CAPITALS = 0.22  # share of the prose written in capitals, as notes and lists often are
NO_SENSE = 0.07  # share of random strings
NOTES = 0.12  # share of notes with signs in place of words
LISTED = 0.12  # share of the lines of hands that write any text that are entries of a list
SHORT = 4  # characters of room up to which most lines are the number of a cell
NUMBERED = 0.6  # share of those lines
LONGEST_ENTRY = 12  # characters of room under which no line is one
SHORTEST, LONGEST = 2, 90  # characters of a line that is to fill a room
CHUNK = 400  # characters of running text at least that lines are cut from
HELD_BACK = 40  # one row in so many of the corpora is left for measuring
SCANS = ("copiste", "poilus", "peraire", "stanford-1905")  # lines of real paper, and their texts


def sample_text(
    rng: np.random.Generator, corpus: Corpus, longest: int = 60, shortest: int = 1
) -> str:
    """One line of text of at most `longest` characters, all of them in `CHARSET`."""
    while True:
        kinds, weights = zip(*_KINDS, strict=True)
        kind = kinds[rng.choice(len(kinds), p=np.divide(weights, sum(weights)))]
        length = int(np.clip(rng.gamma(3.0, longest / 6), 2, longest))
        text = fold_text(kind(rng, corpus, length))
        if len(text) > longest:
            text = text[:longest].rsplit(" ", 1)[0].strip()
        if len(text) >= shortest and writable(text):
            return text


def _excerpt(rng: np.random.Generator, texts: Sequence[str], length: int) -> str:
    """Words from a random place of a random text, up to `length` characters."""
    words = texts[int(rng.integers(len(texts)))].split(" ")
    start = int(rng.integers(len(words)))
    if rng.random() < 0.25:  # the starts of sentences: capitals
        start = 0
    taken = ""
    for word in words[start:]:
        if taken and len(taken) + 1 + len(word) > length:
            break
        taken = f"{taken} {word}" if taken else word
    return taken


def _prose(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    text = _excerpt(rng, corpus.sentences, length)
    style = rng.random()
    if rng.random() < 0.08:
        text = text.replace(" and ", " & ")
    if style < CAPITALS:
        return text.upper()
    if style < CAPITALS + 0.06:
        return text.title()
    if style < CAPITALS + 0.12:
        return _plain(text).lower()
    return text


def _foreign(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    if not corpus.foreign:
        return _accented(rng, corpus, length)
    text = _excerpt(rng, corpus.foreign, length)
    return text.upper() if rng.random() < 0.1 and "ß" not in text else text


ALPHABETS = (
    "äöüßÄÖÜ", "äöüßÄÖÜ", "åäöÅÄÖ", "åäöÅÄÖ", "æøåÆØÅ", "æøåÆØÅ", "àâçéèêëîïôùûüœÉÈÀÇ",
    "áéíóúñüÁÉÍÓÚÑ", "áéíóúñüÁÉÍÓÚÑ", "ãõáéíóúâêôçÃÕÇ",
    "àèéìòùÀÈÌÒÙ", "ąćęłńóśźżŁŚŻĆ", "áčďéěíňóřšťúůýžČŘŠŽ", "čćđšžČĆĐŠŽ", "áéíóöőúüűÁÉÖŐÜŰ",
    "ğışöüçİĞŞÖÜÇ", "ăâîșțĂÂÎȘȚ",
)  # fmt: skip
"""Letters with marks that one language writes, so that each line keeps to one of them."""


def _accented(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """Prose with a language's marks thrown in, so that each marked letter is seen often enough."""
    marked: dict[str, list[str]] = {}
    for letter in ALPHABETS[rng.integers(len(ALPHABETS))]:
        bare = _BARE.get(letter) or unicodedata.normalize("NFD", letter)[0]
        marked.setdefault(bare, []).append(letter)
    text = _excerpt(rng, corpus.sentences, length)
    if rng.random() < 0.25:
        text = text.upper()
    share = rng.uniform(0.2, 0.8)
    return "".join(
        marked[c][rng.integers(len(marked[c]))] if c in marked and rng.random() < share else c
        for c in text
    )


_BARE = {
    "ß": "s", "æ": "e", "Æ": "E", "ø": "o", "Ø": "O", "œ": "o", "đ": "d", "Đ": "D", "ł": "l",
    "Ł": "L", "ı": "i",
}  # fmt: skip


def _words(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """Words that do not belong together, in any case, with signs about them."""
    words = []
    for _ in range(max(1, length // 7)):
        found = _plain(_excerpt(rng, corpus.sentences, 1)) or "the"
        style = rng.random()
        word = found.upper() if style < 0.2 else found.capitalize() if style < 0.45 else found
        dress = rng.random()
        if dress < 0.12:
            word += ".,;:!?"[rng.integers(6)]
        elif dress < 0.2:
            left, right = ('""', "()", "''", "[]", "<>", "{}", "«»", "¿?", "¡!")[rng.integers(9)]
            word = f"{left}{word}{right}"
        elif dress < 0.27:
            word = ("&", "-", "+", "=", "#", "@", "/", "*", "->", "_", "~", "|")[rng.integers(12)]
        elif dress < 0.32:
            word = f"{word}{'-/_.'[rng.integers(4)]}{found}"
        words.append(word)
    return " ".join(words)


def _number(rng: np.random.Generator) -> str:
    def digits(count: int) -> str:
        return "".join(str(d) for d in rng.integers(0, 10, count))

    day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1850, 2040)
    sep = "/-. "[rng.integers(4)]
    name = MONTHS[month - 1]
    forms = (
        lambda: digits(int(rng.integers(1, 8))),
        lambda: str(rng.integers(0, 100)),
        lambda: f"{day}{sep}{month}{sep}{year}",
        lambda: f"{year}-{month:02d}-{day:02d}",
        lambda: f"{day:02d}.{month:02d}.{year % 100:02d}",
        lambda: f"{name} {day}, {year}",
        lambda: f"{day} {name}",
        lambda: f"{'$£€'[rng.integers(3)]}{rng.integers(0, 2000)}.{rng.integers(0, 100):02d}",
        lambda: f"{rng.integers(0, 500)},{rng.integers(0, 100):02d} €",
        lambda: f"{'$£€'[rng.integers(3)]}{_thousands(rng, ',', '.')}",
        lambda: f"{_thousands(rng, '.', ',')} €",
        lambda: _thousands(rng, *rng.permutation([",", "."])),
        lambda: f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}",
        lambda: f"{rng.integers(1, 13)}:{rng.integers(0, 60):02d}{_half_day(rng)}",
        lambda: f"{rng.integers(1, 13)}{_half_day(rng)}",
        lambda: f"{rng.integers(0, 101)}{_tenths(rng)}{' ' * int(rng.integers(2))}%",
        lambda: f"{rng.integers(-20, 45)}°C",
        lambda: f"{rng.integers(1, 10)},{digits(3)},{digits(3)}",
        lambda: f"({digits(3)}) {digits(3)}-{digits(4)}",
        lambda: f"+{rng.integers(1, 99)} {digits(3)} {digits(2)} {digits(2)}",
        lambda: f"{rng.integers(1, 99)} {'+-*/x='[rng.integers(6)]} {rng.integers(1, 99)}",
        lambda: f"{rng.integers(1, 10)}/{rng.integers(2, 10)}",
        lambda: f"#{rng.integers(1, 1000)}",
        lambda: f"{digits(2)} {('kg', 'g', 'ml', 'cm', 'km', 'h', 'min', 'lbs')[rng.integers(8)]}",
    )
    return str(forms[rng.integers(len(forms))]())


def _half_day(rng: np.random.Generator) -> str:
    """The half of the day behind an hour: ` pm`, `am`, ` P.M.`."""
    letter, dot = "ap"[rng.integers(2)], "." if rng.random() < 0.4 else ""
    half = f"{letter}{dot}m{dot}"
    return " " * int(rng.random() < 0.8) + (half.upper() if rng.random() < 0.2 else half)


def _point(rng: np.random.Generator) -> str:
    """The sign before decimals; the comma is the rarer."""
    return ".,"[rng.choice(2, p=(0.7, 0.3))]


def _tenths(rng: np.random.Generator) -> str:
    """Digits behind the point of a measured number, or none: `.5`, `,25`."""
    if rng.random() < 0.6:
        return ""
    point = _point(rng)
    return f"{point}{rng.integers(10)}" if rng.random() < 0.7 else f"{point}{rng.integers(100):02d}"


def _thousands(rng: np.random.Generator, group: str, point: str) -> str:
    """An amount of thousands with its cents: `1,250.00`."""
    thousands = rng.integers(1, 10 ** rng.integers(1, 4))
    return f"{thousands}{group}{rng.integers(1000):03d}{point}{rng.integers(100):02d}"


def _numbers(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    parts = [_number(rng) for _ in range(max(1, length // 10))]
    if rng.random() < 0.4:
        parts.insert(int(rng.integers(len(parts) + 1)), _prose(rng, corpus, length // 2))
    return " ".join(parts)


def _item(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """An entry of a list: `1. MAKE A TO DO LIST`, `- milk 2 l`, `b) why`."""
    count = int(rng.integers(1, 30))
    marks = (f"{count}.", f"{count})", "-", "*", "o", f"({count})", f"{'abcdefgh'[count % 8]})")
    mark = marks[rng.choice(7, p=(0.4, 0.15, 0.15, 0.08, 0.02, 0.1, 0.1))]
    text = _excerpt(rng, corpus.sentences, max(3, length - 3))
    style = rng.random()
    if style < 0.55:
        text = text.upper()
    elif style < 0.7:
        text = text.capitalize()
    return f"{mark} {_plain(text) if rng.random() < 0.6 else text}"


def _entry(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """A row of a bill, a plan, a recipe or a list: `TEA 1.20`, `2 RAILS 140 CM`, `Milk - 2`."""
    words = _plain(_excerpt(rng, corpus.sentences, max(3, length // 2))) or "tea"
    style = rng.random()
    words = words.upper() if style < 0.55 else words.capitalize() if style < 0.75 else words
    unit = ("cm", "mm", "m", "kg", "g", "l", "ml", "x", "pcs", "%", "h", "km")[rng.integers(12)]
    if words.isupper():
        unit = unit.upper()
    amount, cents = int(rng.choice((10, 100, 1000))), int(rng.integers(100))
    point = _point(rng)
    price = f"{rng.integers(amount)}{point}{cents:02d}"
    size = f"{rng.integers(1, amount)}{_tenths(rng)}{' ' * int(rng.integers(2))}{unit}"
    sign = "$£€"[rng.integers(3)]
    few = int(rng.integers(1, 31) if rng.random() < 0.4 else rng.integers(1, 11))
    pack = ("pack", "packs", "dozen", "bags", "cans", "boxes", "pieces")[rng.integers(7)]
    part = ("1/2", "1/4", "3/4", "1/3", "2/3", "1 1/2")[rng.integers(6)]
    measure = ("cup", "cups", "c.", "tsp", "tsp.", "tbsp", "oz", "oz.", "lb")[rng.integers(9)]
    forms = (
        f"{words} {price}",
        f"{words}: {price}",
        f"{words} {sign}{price}",
        f"{words} {price} {sign}",
        f"{words} {'.' * int(rng.integers(3, 9))} {price}",
        f"{rng.integers(1, 30)} {words}",
        f"{rng.integers(1, 30)} {words} {size}",
        f"{rng.integers(1, 30)}{' ' * int(rng.integers(2))}x {words}",
        f"{words} {size}",
        f"{size} {words}",
        f"{words} {rng.integers(1, amount)} x {rng.integers(1, amount)}",
        f"{words} {rng.integers(1, 13)}:{rng.integers(60):02d}",
        f"{words} = {price}",
        f"{price} {price}",
        f"{words} - {few}",
        f"{words} - {few} {pack}",
        f"{words} ({few})",
        f"{part} {measure} {words}",
        f"{few} {measure} {words}",
        f"{few}-{few + int(rng.integers(1, 9))} {unit}",
    )
    return forms[rng.integers(len(forms))]


def _note(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """Short ways of notes and recipes: `salt & pepper`, `1/2 c. sugar`, `tea w/ milk`, `a -> b`."""

    def words(longest: int) -> str:
        found = _plain(_excerpt(rng, corpus.sentences, max(2, longest))) or "tea"
        return found.upper() if upper else found

    upper = rng.random() < 0.2
    one, two = words(length // 2), words(length // 2 - 3)
    number, other = int(rng.integers(1, 10)), int(rng.integers(2, 10 ** rng.integers(1, 4)))
    part = ("1/2", "1/4", "3/4", "1/3", "1 1/2", f"{number}/{other}")[rng.integers(6)]
    measure = ("c.", "cup", "tsp", "tbsp", "oz.", "lb")[rng.integers(6)]
    forms = (
        f"{one} & {two}",
        f"{part} {measure} {one} & {part} {measure} {words(4)}",
        f"{one} & {words(4)} & {two}",
        f"{words(5)} & {words(5)}",
        f"{one} {'+-/=@'[rng.integers(5)]} {two}",
        f"{one} {('->', '=>', '<-', '~', 'vs.')[rng.integers(5)]} {two}",
        f"{one} {('w/', 'w/o', 'b/c')[rng.integers(3)]} {two}",
        f"{words(5)}/{words(5)} {two}",
        f"{one} ({two})",
        f"{one} {'-=:'[rng.integers(3)]} {two}",
        f"{part} {measure} {one}",
        f"{one} {part} {measure}",
        f"{part} {one}",
        f"#{other} {one}",
        f"{other}{('th', 'th', 'st', 'nd', 'rd')[rng.integers(5)]} {one}",
        f"{one} {('Mr', 'Mrs', 'Dr', 'No')[rng.integers(4)]} {two.title()}",
        f"{one} #{other}",
        f"{other}% {one}",
        f"{one} {other}%",
        f"{one} {10 * other}° {'CF'[rng.integers(2)] if rng.random() < 0.5 else ''}",
        f"{10 * other}° {one}",
        f"- {one} & {two}",
        f"{'-*'[rng.integers(2)]} {one}",
        f"{number} + {other} = {number + other}",
    )
    return forms[rng.integers(len(forms))]


def _address(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    def word() -> str:
        return _plain(_excerpt(rng, corpus.sentences, 1)).lower() or "post"

    one, two = word(), word()
    street = ("Street", "St.", "Road", "Lane", "Ave", "Drive", "Blvd.")[rng.integers(7)]
    tld = ("com", "org", "net", "edu", "de", "fr", "co.uk", "io")[rng.integers(8)]
    state = "".join(string.ascii_uppercase[i] for i in rng.integers(0, 26, 2))
    title = ("Mr.", "Mrs.", "Dr.", "Ms.", "Prof.")[rng.integers(5)]
    forms = (
        f"{one}.{two}@{word()}.{tld}",
        f"{one}{rng.integers(0, 100)}@{two}.{tld}",
        f"www.{one}{two}.{tld}",
        f"https://{one}.{tld}/{two}",
        f"{rng.integers(1, 9999)} {one.capitalize()} {street}",
        f"{one.capitalize()}, {state} {rng.integers(10000, 99999)}",
        f"{title} {state[0]}. {one.capitalize()} {two.capitalize()}",
        f"{one.capitalize()}: {two}",
        f"@{one}_{two} #{word()}",
    )
    text = forms[rng.integers(len(forms))]
    return text.upper() if rng.random() < 0.15 else text


ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XL", "L", "XC",
    "C", "CD", "D", "M", "MCM", "MM")  # fmt: skip


def _row(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """Single signs in a row: an alphabet, counted numbers, Roman ones, the letters of a word."""
    count = int(np.clip(length // 2, 2, 26))
    start = int(rng.integers(0, 27 - min(count, 26)))
    word = (_plain(_excerpt(rng, corpus.sentences, 1)) or "the").replace(" ", "")
    forms = (
        " ".join(string.ascii_uppercase[start : start + count]),
        " ".join(string.ascii_lowercase[start : start + count]),
        string.digits if rng.random() < 0.5 else " ".join(string.digits),
        " ".join(str(start + k) for k in range(count // 2 + 1)),
        " ".join(str(n) for n in rng.integers(0, 10 ** rng.integers(1, 4), count // 2 + 1)),
        " ".join(ROMAN[i] for i in rng.integers(0, len(ROMAN), count // 3 + 1)),
        " ".join(word.upper()),
        " ".join(ASCII[1:][i] for i in rng.integers(0, len(ASCII) - 1, count)),
    )
    return forms[rng.integers(len(forms))]


def _formula(rng: np.random.Generator, corpus: Corpus, length: int) -> str:
    """A sum or an assignment: `j = 0`, `95 - (100 - 50) = 45`, `x: +100 = 90`."""
    gap = " " if rng.random() < 0.6 else ""

    def term() -> str:
        chance = rng.random()
        if chance < 0.3:
            return string.ascii_letters[rng.integers(52)]
        number = str(rng.integers(0, 10 ** rng.integers(1, 4)))
        return number + string.ascii_lowercase[rng.integers(26)] if chance < 0.4 else number

    def sum_of(count: int) -> str:
        out = term()
        for _ in range(count):
            out += f"{gap}{'+-*/x'[rng.choice(5, p=(0.35, 0.35, 0.08, 0.14, 0.08))]}{gap}{term()}"
        return out

    left = sum_of(int(rng.integers(0, 3)))
    if rng.random() < 0.3:
        left = f"{term()}{gap}{'+-'[rng.integers(2)]}{gap}({sum_of(1)})"
    text = f"{left}{gap}{'=<>:'[rng.choice(4, p=(0.7, 0.07, 0.08, 0.15))]}{gap}"
    text += sum_of(int(rng.integers(0, 2)))
    return f"{term()}{':' if rng.random() < 0.5 else ' '} {text}" if rng.random() < 0.2 else text


def random_text(rng: np.random.Generator, length: int) -> str:
    """A string without sense, of one pool of characters: codes, single letters, passwords."""
    pools = (
        string.ascii_uppercase,
        string.ascii_lowercase,
        string.ascii_uppercase + string.digits,
        string.ascii_letters,
        ASCII[1:],
        string.digits,
        ASCII[1:] + ACCENTED + SIGNS,
    )
    pool = pools[rng.choice(7, p=(0.25, 0.13, 0.2, 0.12, 0.15, 0.1, 0.05))]
    text = "".join(pool[i] for i in rng.integers(0, len(pool), min(length, 24)))
    if rng.random() < 0.35:
        return " ".join(text)
    step = int(rng.integers(2, 9))
    return " ".join(text[i : i + step] for i in range(0, len(text), step))


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in " '").strip(" '")


_KINDS: tuple[tuple[Callable[[np.random.Generator, Corpus, int], str], float], ...] = (
    (_prose, 0.36),
    (_foreign, 0.09),
    (_accented, 0.13),
    (_words, 0.12),
    (_numbers, 0.13),
    (_item, 0.09),
    (_entry, 0.08),
    (_note, NOTES),
    (_row, 0.03),
    (_formula, 0.03),
    (_address, 0.05),
    (lambda rng, _, length: random_text(rng, length), NO_SENSE),
)


@cache
def corpus(data: Path) -> Corpus:
    """Sentences of today's and of older English, and French ones, that lines are written from."""
    english = _rows(data / "text" / "english-modern.txt.xz", 90_000)
    english += _rows(data / "text" / "english-books.txt.xz", 30_000)
    scans = [text for name in SCANS for _, text in open_scans(
        data / "lines" / f"{name}.zip", "train").rows]  # fmt: skip
    return Corpus(tuple(english), tuple(_rows(data / "text" / "french.txt.xz", 40_000) + scans))


def _rows(path: Path, most: int) -> list[str]:
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        rows = [row for number, row in enumerate(stream) if number % HELD_BACK]
    step = max(1, len(rows) // most)
    chunks, chunk = [], ""
    for number, row in enumerate(rows):  # rows that follow one another, so that lines are filled
        chunk = f"{chunk} {fold_text(row)}".strip()
        if len(chunk) > CHUNK:
            if number % step == 0:
                chunks.append(chunk[: 3 * CHUNK])
            chunk = ""
    return chunks


def fitting_length(rng: np.random.Generator, room: float, pace: float) -> int:
    """How many characters of a width in x-heights fill a room, more or less."""
    return int(np.clip(room / pace * rng.uniform(0.85, 1.1), 4, LONGEST))


def fitting_text(rng: np.random.Generator, texts: Corpus, longest: int) -> str:
    """A line of text; most are about as long as there is room, and some are entries of a list.

    Where there is little room most are the number of a cell.
    """
    if longest <= SHORT and rng.random() < NUMBERED:
        return cell_text(rng)
    before = beginning(rng) if rng.random() < LISTED and longest > LONGEST_ENTRY else ""
    longest -= len(before)
    least = int(0.55 * longest) if rng.random() < 0.6 else SHORTEST
    return before + sample_text(rng, texts, longest, least)


def cell_text(rng: np.random.Generator) -> str:
    """What a narrow cell of a table says: `3`, `12`, `4.5`, `B`, `-`, `x`."""
    digit, number = int(rng.integers(10)), int(rng.integers(10, 100))
    forms = (
        str(digit), str(number), f"{digit}.{number % 10}", f"{digit}.{number:02d}", f"{number}.",
        string.ascii_letters[rng.integers(52)], f"{digit}x", "-x+?"[rng.integers(4)],
        f"{'$£€'[rng.integers(3)]}{digit}",
    )  # fmt: skip
    return str(rng.choice(forms, p=(0.45, 0.2, 0.05, 0.08, 0.04, 0.08, 0.03, 0.04, 0.03)))


def beginning(rng: np.random.Generator) -> str:
    """What an entry of a list begins with: `7. `, `12) `, `a) `, `- `, `3 `."""
    number = str(rng.integers(1, 31) if rng.random() < 0.8 else "abcdefABCDEF"[rng.integers(12)])
    forms = (f"{number}. ", f"{number}) ", f"{number} ", f"({number}) ", "- ", "* ", "+ ")
    return str(rng.choice(forms, p=(0.4, 0.16, 0.08, 0.04, 0.25, 0.04, 0.03)))
