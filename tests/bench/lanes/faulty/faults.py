"""When the faulty rows beside this file do what they do: in their second process, while they are timed."""

from pathlib import Path

_CALLS = 30  # that go well: the fault comes while the row is timed
_starts = {}
_calls = 0


def is_time(file, lasts=False):
    """Tell a row, at each call, whether its fault is due now, once or from now on."""
    global _calls
    if file not in _starts:
        counter = Path(file).with_suffix(".starts")
        _starts[file] = counter.read_text().count(".") if counter.exists() else 0
        counter.write_text("." * (_starts[file] + 1))
    _calls += 1
    return _starts[file] == 1 and (_calls > _CALLS if lasts else _calls == _CALLS)
