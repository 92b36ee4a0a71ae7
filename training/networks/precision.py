"""In which precision convolutions are trained."""

from __future__ import annotations

import torch

CPU = torch.device("cpu")


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by itself.

    One without such instructions imitates them, at a tenth of float32's speed.
    """
    checks = (
        getattr(torch.cpu, name, None)
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return any(check is not None and check() for check in checks)


def mixed_precision(device: torch.device = CPU) -> torch.autocast:
    """A context in which convolutions and products run in bfloat16 where that is faster."""
    enabled = device.type != "cpu" or has_bfloat16()
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
