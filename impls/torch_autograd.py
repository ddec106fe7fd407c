"""PyTorch as its users write it: autograd finds the gradients.

Only the cost is written out.
"""

import torch
from torch.nn.functional import softplus

from impls.contract import Step
from impls.torch_step import FAR
from impls.torch_step import prepare as prepare  # the same tensors


def step(w, b, X, Y, threads):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    torch.set_num_threads(threads)
    w = torch.from_numpy(w.copy()).requires_grad_()  # PyTorch warns of a read-only w
    b = torch.tensor(b, dtype=w.dtype, requires_grad=True)
    Z = w.T @ X + b
    # Not binary_cross_entropy_with_logits, which subtracts log(sigmoid(Z)) and loses digits for negative Z.
    J = (softplus(Z, threshold=FAR) - Y * Z).mean()
    dw, db = torch.autograd.grad(J, (w, b))
    return Step(J.item(), dw.numpy(), db.item())
