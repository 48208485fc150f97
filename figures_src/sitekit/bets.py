"""Questions that the page grades: a number to guess, or one of several answers to choose.

Both stand first in a fold `??? predict "question"`. What is right is read from figures' numbers; nobody writes it down.
The page gets an empty element with what the grading needs, which javascripts/bets.js turns into something to bet with.
Without a script it stays empty, and the fold is a fold.
"""

import json
import math

from sitekit.errors import SiteError
from sitekit.expressions import evaluate
from sitekit.markup import MINUS, UNKNOWN, escape, format_number

CLOSE = 0.15  # of the scale's length: no further off than this is close
FACTOR = 2  # on a scale by factors
SPOT = 1 / 3  # of what is close: spot on


def bet_html(facts):
    """The element that javascripts/bets.js looks for; None gives nothing."""
    return f'<div class="dn-bet" hidden data-bet="{escape(json.dumps(facts))}"></div>' if facts else ""


def guess(value, fmt="", unit="", low=None, high=None, close=None, factors=False):
    """What the page has to know to grade a guess at a number; None if the number is unknown, which has been reported.

    value: int or float. fmt: as in num(); with a "%" the scale goes from 0 to 100 unless low and high say otherwise. low,
    high, close: in the units that are shown. factors: the scale is one of factors, and so is close. SiteError if that
    cannot be asked.
    """
    if any(given is UNKNOWN for given in (value, low, high, close)):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SiteError(f"guess() asks for a number, and {value!r} is none")
    shown = format_number(value, fmt)
    try:
        right = float(shown.replace(",", "").replace(MINUS, "-").rstrip("%"))
    except ValueError:
        raise SiteError(f"guess() cannot ask for {shown!r}; give a format such as '.1f'") from None
    digits = len(shown.rstrip("%").partition(".")[2])
    if fmt.endswith("%"):
        low, high = (0 if low is None else low), (100 if high is None else high)
    for name, end in (("low", low), ("high", high)):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise SiteError(f"guess() needs low and high, the ends of its scale; {name} is {end!r}")
    if not low < high:
        raise SiteError(f"guess(): low is {low} and high is {high}; low has to be less than high")
    if not low <= right <= high:
        raise SiteError(f"guess(): the answer, {shown}, lies outside of {low} to {high}; choose low and high around it")
    if factors and low <= 0:
        raise SiteError(f"guess(): a scale of factors cannot begin at {low}; give a low above zero")
    if close is None:
        close = FACTOR if factors else CLOSE * (high - low)
    if isinstance(close, bool) or not isinstance(close, int | float) or not close > (1 if factors else 0):
        least = "factor above 1" if factors else "distance above 0"
        raise SiteError(f"guess(): close is {close!r}; it has to be a {least}")
    step = 10**-digits
    if factors:
        spot = round(close**SPOT, 1)
    else:  # whole steps, or the page would state a distance that nobody can be off by
        spot, close = (math.floor(d / step + 1e-9) * step for d in (close * SPOT, max(close, step)))
    suffix = "%" if shown.endswith("%") else _suffix(unit)
    return {
        "kind": "guess", "right": right, "low": low, "high": high, "digits": digits, "suffix": suffix,
        "spot": round(spot, digits + 2), "close": round(close, digits + 2), "factors": bool(factors),
    }  # fmt: skip


def _suffix(unit):
    return f"\N{NO-BREAK SPACE}{unit}" if unit else ""


def choose(number, options=None, largest=None, smallest=None, fmt="", unit=""):
    """What the page has to know to grade a choice.

    number(ref) gives a figure's number. options: {answer: check}, each check a comparison of figures' numbers as claims
    have it, of which exactly one holds. Or largest, smallest: {answer: ref}, where the number decides; the numbers are
    shown with the format fmt and the unit once the reader has chosen. SiteError if that cannot be asked.
    """
    given = [(k, v) for k, v in (("options", options), ("largest", largest), ("smallest", smallest)) if v is not None]
    if len(given) != 1 or not isinstance(given[0][1], dict) or len(given[0][1]) < 2:
        raise SiteError("choose() needs two answers or more: {answer: check}, or largest= or smallest={answer: number}")
    kind, answers = given[0]
    texts = [" ".join(str(text).split()) for text in answers]
    values = None
    if kind == "options":
        right = [text for text, check in zip(texts, answers.values(), strict=True) if _holds(check, number)]
    else:
        numbers = [number(ref) for ref in answers.values()]
        for ref, value in zip(answers.values(), numbers, strict=True):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SiteError(f"choose() compares numbers, and {ref!r} is {value!r}")
        best = max(numbers) if kind == "largest" else min(numbers)
        right = [text for text, value in zip(texts, numbers, strict=True) if value == best]
        values = [format_number(value, fmt) + _suffix(unit) for value in numbers]
    if len(right) != 1:
        what = " and ".join(map(repr, right)) if right else "none of " + ", ".join(map(repr, texts))
        raise SiteError(f"choose(): exactly one answer has to be right, and by the figures' numbers {what} is")
    return {"kind": "choose", "options": texts, "right": texts.index(right[0]), "values": values}


def _holds(check, number):
    if not isinstance(check, str):
        raise SiteError(f"choose(): {check!r} is no check; write a comparison of figures' numbers, as claims have it")
    return evaluate(check, number)[0]
