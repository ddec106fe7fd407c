"""torch_step on a GPU.

The same formulas, on tensors that stay in the memory of the GPU.
"""

import torch

from impls.contract import Step
from impls.errors import Unsuited
from impls.kernels import cuda_device
from impls.torch_step import cost_and_gradients, shared

_DEVICE = "cuda"


def prepare(X, Y, threads):
    """Copy X and Y to the GPU."""
    if not torch.cuda.is_available():
        raise Unsuited("this build of PyTorch has no CUDA; https://pytorch.org has builds with it")
    torch.cuda.empty_cache()  # memory of an earlier problem
    cuda_device.check_room(X)
    return shared(X).to(_DEVICE), shared(Y).to(_DEVICE)


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`, X and Y on the GPU."""
    with torch.inference_mode():
        J, dw, db = cost_and_gradients(torch.from_numpy(w.copy()).to(X.device), b, X, Y)
    # The call above returns before its results exist; copying them from the GPU waits for them.
    return Step(J.item(), dw.cpu().numpy(), db.item())
