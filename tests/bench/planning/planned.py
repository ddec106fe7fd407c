"""What the tests of `bench.lanes` plan with."""

from bench.planning import plan as plans
from bench.planning.plan import Asked
from bench.request import Setting
from impls import records
from impls.data import problems

NUMPY = records.find("numpy_zero_loop")


def setting(name, dtype="float64", threads=1):
    """Return the setting of a problem, by its name."""
    return Setting(problems.find(name), dtype, threads)


def planned(preset="course", **asked):
    """Return the plan and the rows and problems of a preset with some options."""
    return plans.make(Asked(preset, **asked))
