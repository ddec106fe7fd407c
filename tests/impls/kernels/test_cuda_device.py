"""What is said of a GPU that is there, or is not, by a driver that answers as NVIDIA's would."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

import impls
from impls import records
from impls.kernels import cuda_device

X = np.broadcast_to(0.0, (1000, 500_000))  # 4 GB, of one number


class Driver:
    """The driver of one GPU with 2.1 GB free; `started` and `count` say how it is broken."""

    def __init__(self, started=0, count=1):
        self.started, self.count, self.contexts = started, count, []

    def cuInit(self, flags):  # noqa: N802 - the driver's names
        return self.started

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = self.count
        return 0

    def cuDeviceGet(self, device, ordinal):  # noqa: N802
        device._obj.value = ordinal
        return 0

    def cuDeviceGetName(self, text, length, device):  # noqa: N802
        text.value = b"NVIDIA Hand-Written"
        return 0

    def cuDeviceGetAttribute(self, value, attribute, device):  # noqa: N802
        value._obj.value = {16: 132}[attribute]
        return 0

    def cuDevicePrimaryCtxRetain(self, context, device):  # noqa: N802
        context._obj.value = 4711
        self.contexts.append("retained")
        return 0

    def cuCtxPushCurrent_v2(self, context):  # noqa: N802
        assert context.value == 4711
        self.contexts.append("pushed")
        return 0

    def cuMemGetInfo_v2(self, free, total):  # noqa: N802
        assert self.contexts == ["retained", "pushed"], "of a context that is current"
        free._obj.value, total._obj.value = 2_100_000_000, 8_000_000_000
        return 0

    def cuCtxPopCurrent_v2(self, context):  # noqa: N802
        self.contexts.remove("pushed")
        return 0


@pytest.fixture
def install(monkeypatch):
    """Let this machine have a driver, or None."""

    def load(library):
        if load.driver is None:
            raise OSError(f"{library}: cannot open shared object file")
        return load.driver

    def put(driver):
        load.driver = driver
        for kept in (cuda_device.why_none, cuda_device._driver, cuda_device._context):
            kept.cache_clear()

    monkeypatch.setattr(ctypes, "CDLL", load)
    yield put
    put(None)


def test_no_driver(install):
    install(None)
    assert cuda_device.name() is None
    assert cuda_device.why_none() == f"needs an NVIDIA GPU and its driver; {cuda_device._LIBRARY} is not here"


@pytest.mark.parametrize("driver", [Driver(started=100), Driver(count=0)])
def test_driver_without_a_gpu(install, driver):
    install(driver)
    assert cuda_device.name() is None
    assert cuda_device.why_none().startswith(f"the driver finds no GPU (error {driver.started}); nvidia-smi")


def test_a_gpu(install):
    install(Driver())
    assert cuda_device.why_none() is None
    assert cuda_device.name() == "NVIDIA Hand-Written"
    assert cuda_device.multiprocessors() == 132


def test_data_that_do_not_fit(install):
    driver = Driver()
    install(driver)
    cuda_device.check_room(X[:500])
    with pytest.raises(impls.Unsuited, match=r"^X takes 4\.0 GB, the GPU has 2\.1 GB free$"):
        cuda_device.check_room(X)
    assert driver.contexts == ["retained"], "once, and no longer current"


def test_a_call_that_fails_is_named(install, monkeypatch):
    driver = Driver()
    install(driver)
    monkeypatch.setattr(driver, "cuMemGetInfo_v2", lambda free, total: 201)
    with pytest.raises(cuda_device.NoDevice, match=r"^cuMemGetInfo_v2 of the driver failed with error 201$"):
        cuda_device.check_room(X)
    assert driver.contexts == ["retained"]


ON_GPU = [record for record in records.RECORDS if record.device == "cuda"]


@pytest.mark.parametrize("record", ON_GPU, ids=lambda record: record.name)
def test_a_row_asks_for_the_gpu_before_its_library(install, monkeypatch, record):
    monkeypatch.setattr(records, "_is_installed", lambda library: False)
    install(None)
    assert str(record.missing) == f"no CUDA device: {cuda_device.why_none()}"
    with pytest.raises(impls.Unavailable, match=r"^no CUDA device: needs an NVIDIA GPU and its driver; "):
        impls.load(record.name)
    install(Driver())
    assert str(record.missing).startswith("not installed: pip install ")


def test_no_library_is_imported_to_find_a_gpu():
    code = (
        "import sys; from impls.kernels import cuda_device; cuda_device.why_none(); "
        "print(set(sys.modules) & {'numba', 'cupy', 'torch', 'jax'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
