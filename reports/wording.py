"""Numbers in words that read the same in the terminal, in a table, in a figure and on the page."""

import math
from collections.abc import Sequence

from reports.facts.intervals import Interval

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def seconds(value: float | None) -> str:
    """Three significant digits in the unit that fits: 1.23 ms."""
    if value is None:
        return "–"
    size, unit = next((pair for pair in _UNITS if value >= pair[0] * 0.9995), _UNITS[-1])
    return f"{significant(value / size)} {unit}"


def time(interval: Interval | None) -> str:
    """A time with its interval, in one unit: 1.23 ms [1.20, 1.26]."""
    if interval is None:
        return "–"
    size = next((size for size, _ in _UNITS if interval.estimate >= size * 0.9995), _UNITS[-1][0])
    return seconds(interval.estimate) + bounds(interval.over(size))


def round_seconds(value: float) -> str:
    """A time on an axis: 1 ms, 100 µs."""
    size, unit = next((pair for pair in _UNITS if value >= pair[0] * 0.9995), _UNITS[-1])
    return f"{float(f'{value / size:.3g}'):,g} {unit}"


def duration(value: float) -> str:
    """A time to wait: 45 s, 4:05 min, 1:02 h."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


def times(value: float) -> str:
    """A speedup: 0.263x, 12.3x, 1,050x."""
    return f"{significant(value)}x"


def power(value: float) -> str:
    """A speedup on an axis: 0.1x, 1x, 1,000x, 10⁵x."""
    exponent = math.floor(math.log10(value))
    if not -4 < exponent < 4:
        return f"10{_raised(round(math.log10(value)))}x"
    return f"{value:,.{max(0, -exponent)}f}x"


def power_of_ten(value: float) -> str:
    """A size on an axis: 10⁵, and 569 or 12,000 where it is none."""
    exponent = round(math.log10(value))
    if exponent < 2 or not math.isclose(value, 10**exponent):
        return f"{value:,.12g}"
    return f"10{_raised(exponent)}"


def about(value: float) -> str:
    """A size that nobody counted, two digits: 350, 2.4·10⁶, 10⁷."""
    if value < 9950:
        return f"{float(f'{value:.2g}'):,g}"
    digits, exponent = f"{value:.1e}".split("e")
    digits = digits.removesuffix(".0")
    return f"{'' if digits == '1' else f'{digits}·'}10{_raised(int(exponent))}"


def one_line(text: str) -> str:
    """Any text as one line, without the characters that move a cursor and that no XML may hold."""
    return "".join(character if character.isprintable() else " " for character in text)


def shortened(text: str, most: int) -> str:
    """Return a text cut to at most `most` characters, the last an ellipsis if it was longer."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def joined(parts: Sequence[str]) -> str:
    """A list in a sentence: a, b and c."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def speedup(interval: Interval | None) -> str:
    """A speedup with its interval: 231x [225, 238]."""
    if interval is None:
        return "–"
    if interval.low == interval.estimate == 1:
        return "1x"  # the baseline itself
    return times(interval.estimate) + bounds(interval)


def bounds(interval: Interval) -> str:
    """The interval alone, in brackets after a space; nothing where there is none."""
    if interval.low is None or interval.high is None:
        return ""
    return f" [{significant(interval.low)}, {significant(interval.high)}]"


def calls(interval: Interval | None) -> str:
    """The number of calls after which something pays: 1,234 [1,190, 1,280], 293 k, 5.66 M, or never."""
    if interval is None:
        return "–"
    if math.isinf(interval.estimate):
        return "never"
    low, high = ("" if end is None else _whole(end) for end in (interval.low, interval.high))
    return _whole(interval.estimate) + (f" [{low}, {high}]" if low and high else "")


def _raised(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _whole(value: float) -> str:
    """A count, rounded up; three digits and a unit from ten thousand on."""
    if value < 1e4:
        return f"{math.ceil(value):,}"
    return f"{significant(value / 1e3)} k" if value < 1e6 else f"{significant(value / 1e6)} M"


def percent(value: float | None) -> str:
    """A spread: 1.2 %, 0.03 %, 14 %."""
    return "–" if value is None else f"{float(f'{100 * value:.2g}'):g} %"


def exponent(interval: Interval | None) -> str:
    """Along which power something grows: 1.02 [0.99, 1.05]."""
    if interval is None:
        return "–"
    ends = (
        "" if interval.low is None or interval.high is None else f" [{interval.low:.2f}, {interval.high:.2f}]"
    )
    return f"{interval.estimate:.2f}{ends}"


def share(value: float | None) -> str:
    """A share of the speed of light, two digits below 10 %: 83 %, 4.2 %, 0.012 %."""
    if value is None:
        return "–"
    percent = 100 * value
    rounded = round(percent, max(0, 1 - math.floor(math.log10(percent))))
    return f"{rounded:,.{max(0, 1 - math.floor(math.log10(rounded)))}f} %"


def size(value: float) -> str:
    """A number of bytes in the unit that fits: 137 kB."""
    number, unit = next((value / size, unit) for size, unit in _SIZES if value >= size or unit == "B")
    return f"{float(f'{number:.3g}'):,g} {unit}"


def bytes_of(value: int | None) -> str:
    """Memory: 137 kB, 0 B."""
    return "–" if value is None else size(value)


def threads(count: int) -> str:
    """A number of threads: 1 thread, 2 threads."""
    return counted(count, "thread")


def counted(count: int, what: str) -> str:
    """A number of things: 1 row, 2 rows, 3 processes."""
    return f"{count:,} {what}{'' if count == 1 else 'es' if what.endswith('s') else 's'}"


def cores(count: float) -> str:
    """Processor time: 0.5 of a core, 1 core, 2.5 cores."""
    return f"{count:.3g} of a core" if count < 1 else f"{count:.6g} core{'' if count == 1 else 's'}"


def error(value: float | None) -> str:
    """A relative error: 2.6e-16."""
    return "–" if value is None else f"{value:.1e}"


def number(value: int | None) -> str:
    """A count, with thousands set apart."""
    return "–" if value is None else f"{value:,}"


def significant(value: float) -> str:
    """Three significant digits, thousands set apart; an exponent where nobody would count the digits."""
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞"
    if not 1e-12 <= abs(value) < 1e12:
        return f"{value:.2e}"
    digits = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"
