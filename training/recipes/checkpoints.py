"""Keep the long trainings of the line and the page network, to go on from.

A checkpoint is a file of `torch.save`: the network, the running mean of its weights, the optimizer,
and how much was seen, under "seen" (strips) or "steps" (of the page network).
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ocr.errors import DataError, reason_of
from ocr.formats.output import make_folder, replacing
from training.recipes.descent import blend

Network = TypeVar("Network", bound=nn.Module)

# What torch raises of a file that is missing, cut off, no checkpoint, or of another network.
UNREADABLE = (OSError, EOFError, pickle.UnpicklingError, LookupError, RuntimeError)


def save_checkpoint(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    **amount: int,
) -> None:
    """Everything that training needs to go on; the old file stays whole until the new one is.

    Parameters
    ----------
    amount : int
        ``seen`` or ``steps``.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    state = {
        **amount,
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    content = io.BytesIO()  # of a disk that is full torch only tells that a position is unexpected
    torch.save(state, content)
    make_folder(path.parent)
    with replacing(path) as stream:
        stream.write(content.getbuffer())


def load_checkpoint(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
) -> int:
    """Take up a checkpoint, or the bare weights of a `.safetensors` file.

    Returns
    -------
    int
        The strips seen or steps made; 0 of bare weights.

    Raises
    ------
    DataError
        The file is missing, damaged, or of another network.
    """
    try:
        return _loaded(path, network, average, optimizer)
    except (*UNREADABLE, SafetensorError) as error:
        raise DataError(
            f"{path}: damaged, or no checkpoint of this network ({reason_of(error)})."
        ) from None


def _loaded(
    path: Path,
    network: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer | None,
) -> int:
    if path.suffix == ".safetensors":
        weights = {name: value.float() for name, value in load_file(path).items()}
        network.load_state_dict(weights)
        average.load_state_dict(weights)
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    return int(state.get("seen", state.get("steps", 0)))


def steps_made(optimizer: torch.optim.Optimizer) -> int:
    """The steps that an optimizer has made, by its own account; 0 of a new one."""
    return max((int(state["step"]) for state in optimizer.state.values()), default=0)


def load_blended(
    make: Callable[[], Network], path: Path, before: Path | None, share: float
) -> tuple[Network, int]:
    """The mean weights of a checkpoint, moved toward those that its training went on from.

    Parameters
    ----------
    make : callable
        Makes a network that the weights fit.
    path : Path
        Checkpoint, or `.safetensors` file.
    before : Path or None
        The same of the weights before, which count `share` in the result.

    Returns
    -------
    network : Network
        In evaluation mode.
    int
        The strips seen or steps made; 0 of bare weights.
    """
    network = make()
    amount = load_checkpoint(path, make(), network)
    if before is not None:
        old = make()
        load_checkpoint(before, make(), old)
        blend(network, old, share)
    return network.eval(), amount
