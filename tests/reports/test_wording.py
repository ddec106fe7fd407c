"""Numbers in words, worked out by hand."""

import math

import pytest

from reports import wording
from reports.facts.intervals import Interval


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
        (wording.power, 300, "300x"),
        (wording.power, 0.001, "0.001x"),
        (wording.power, 1e4, "10⁴x"),
        (wording.power, 1e-4, "10⁻⁴x"),
        (wording.power, 1e12, "10¹²x"),
        (wording.calls, None, "–"),
        (wording.calls, Interval(None, 0.5, None), "1"),
        (wording.calls, Interval(None, 1233.2, None), "1,234"),
        (wording.calls, Interval(1100.5, 1233.2, 1300), "1,234 [1,101, 1,300]"),
        (wording.calls, Interval(None, math.inf, None), "never"),
        (wording.calls, Interval(None, 9999, None), "9,999"),
        (wording.calls, Interval(9000.2, 12_340, 15_000), "12.3 k [9,001, 15.0 k]"),
        (wording.calls, Interval(272_000, 293_000, 1_317_000), "293 k [272 k, 1.32 M]"),
        (wording.calls, Interval(None, 5.66e6, None), "5.66 M"),
        (wording.time, None, "–"),
        (wording.time, Interval(None, 2e-3, None), "2.00 ms"),
        (wording.time, Interval(1.2e-3, 1.23e-3, 1.26e-3), "1.23 ms [1.20, 1.26]"),
        (wording.time, Interval(0.9e-3, 1.1e-3, 1.3e-3), "1.10 ms [0.900, 1.30]"),
        (wording.time, Interval(0.9e-3, 0.9996e-3, 1.2e-3), "1.00 ms [0.900, 1.20]"),
        (wording.time, Interval(2e-11, 3e-11, 4e-11), "0.0300 ns [0.0200, 0.0400]"),
        (wording.round_seconds, 1e-9, "1 ns"),
        (wording.round_seconds, 1e-4, "100 µs"),
        (wording.round_seconds, 1e-3, "1 ms"),
        (wording.round_seconds, 10, "10 s"),
        (wording.round_seconds, 1e4, "10,000 s"),
        (wording.power_of_ten, 1, "1"),
        (wording.power_of_ten, 10, "10"),
        (wording.power_of_ten, 100, "10²"),
        (wording.power_of_ten, 1e10, "10¹⁰"),
        (wording.power_of_ten, 569, "569"),
        (wording.power_of_ten, 12_000, "12,000"),
        (wording.power_of_ten, 250_000_000, "250,000,000"),
        (wording.about, 350.4, "350"),
        (wording.about, 9949, "9,900"),
        (wording.about, 9951, "10⁴"),
        (wording.about, 2_449_489.7, "2.4·10⁶"),
        (wording.about, 1.96e7, "2·10⁷"),
        (wording.joined, ["a"], "a"),
        (wording.joined, ["a", "b"], "a and b"),
        (wording.joined, ["a", "b", "c"], "a, b and c"),
        (wording.exponent, None, "–"),
        (wording.exponent, Interval(None, 1.024, None), "1.02"),
        (wording.exponent, Interval(-0.004, 1.024, 1.056), "1.02 [-0.00, 1.06]"),
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
        (wording.cores, 0.5, "0.5 of a core"),
        (wording.cores, 0.0049, "0.0049 of a core"),
        (wording.cores, 1.0, "1 core"),
        (wording.cores, 2.5, "2.5 cores"),
        (wording.cores, 64.0, "64 cores"),
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
