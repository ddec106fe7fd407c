"""Numbers in words, worked out by hand."""

import math

import pytest

from reports import wording
from reports.statistics import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0 ns"),
        (1e-12, "0.00100 ns"),
        (1.2345e-9, "1.23 ns"),
        (999.4e-9, "999 ns"),
        (999.6e-9, "1.00 µs"),
        (20e-6, "20.0 µs"),
        (0.9994e-3, "999 µs"),
        (0.9996e-3, "1.00 ms"),
        (0.4, "400 ms"),
        (0.9996, "1.00 s"),
        (1.6, "1.60 s"),
        (59.96, "60.0 s"),
        (123456, "123,000 s"),
    ],
)
def test_seconds(value, text):
    assert wording.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.00012, "0.012 %"),
        (0.0099, "0.99 %"),
        (0.00997, "1.0 %"),
        (0.0417, "4.2 %"),
        (0.0997, "10 %"),
        (0.834, "83 %"),
        (0.997, "100 %"),
        (1.071, "107 %"),
        (1234.5, "123,450 %"),
    ],
)
def test_share(value, text):
    assert wording.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1 B"),
        (8, "8 B"),
        (1e3, "1 kB"),
        (136_560, "137 kB"),
        (999_999, "1,000 kB"),
        (1e7, "10 MB"),
        (2.5e9, "2.5 GB"),
        (1e13, "10 TB"),
    ],
)
def test_size(value, text):
    assert wording.size(value) == text


def test_threads():
    assert [wording.threads(count) for count in (1, 2)] == ["1 thread", "2 threads"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.000625, "0.000625"),
        (7e-45, "7.00e-45"),
        (1.234e12, "1.23e+12"),
        (math.inf, "∞"),
        (0.2634, "0.263"),
        (0.9996, "1.00"),
        (1, "1.00"),
        (9.996, "10.0"),
        (99.96, "100"),
        (999.6, "1,000"),
        (1049.9, "1,050"),
        (1234567, "1,230,000"),
        (-0.2634, "-0.263"),
    ],
)
def test_three_significant_digits(value, text):
    assert wording.significant(value) == text
    assert wording.times(value) == f"{text}x"


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (None, "–"),
        (Interval(1, 1, 1), "1x"),
        (Interval(None, 1, None), "1.00x"),
        (Interval(0.9, 1, 1.1), "1.00x [0.900, 1.10]"),
        (Interval(94.77, 100, 105.5), "100x [94.8, 106]"),
        (Interval(None, 0.25, None), "0.250x"),
        (Interval(8, 8, 8), "8.00x [8.00, 8.00]"),
    ],
)
def test_speedup(interval, text):
    assert wording.speedup(interval) == text


@pytest.mark.parametrize(
    ("say", "value", "text"),
    [
        (wording.power, 0.01, "0.01x"),
        (wording.power, 1, "1x"),
        (wording.power, 1000, "1,000x"),
        (wording.calls, None, "–"),
        (wording.calls, Interval(None, 0.5, None), "1"),
        (wording.calls, Interval(None, 1233.2, None), "1,234"),
        (wording.calls, Interval(1100.5, 1233.2, 1300), "1,234 [1,101, 1,300]"),
        (wording.calls, Interval(None, math.inf, None), "never"),
        (wording.percent, None, "–"),
        (wording.percent, 0.0123, "1.2 %"),
        (wording.percent, 0, "0 %"),
        (wording.percent, 1.5, "150 %"),
        (wording.bytes_of, None, "–"),
        (wording.bytes_of, 0, "0 B"),
        (wording.bytes_of, 137_000, "137 kB"),
        (wording.duration, 59.4, "59 s"),
        (wording.duration, 59.6, "1:00 min"),
        (wording.duration, 245, "4:05 min"),
        (wording.duration, 3720, "1:02 h"),
        (wording.error, None, "–"),
        (wording.error, 0.0, "0.0e+00"),
        (wording.error, 2.64e-16, "2.6e-16"),
        (wording.number, None, "–"),
        (wording.number, 0, "0"),
        (wording.number, 10_000, "10,000"),
    ],
)
def test_other_words(say, value, text):
    assert say(value) == text
