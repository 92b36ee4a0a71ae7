"""Run the network of an `.onnx` weight file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr import graphs, memory
from ocr.errors import ModelError
from ocr.weights import Metadata, damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MEMORY = 1 << 29  # bytes of all networks together; reading a page takes a fifth at most
PAGE_MAPS = 4  # what a page network gives, see `ocr.layout.page_network`
TOO_LITTLE = "Available memory of"  # begins what ONNX Runtime says when these are used up


@lru_cache(maxsize=1)
def _bound_memory() -> None:
    """Limit the memory of ONNX Runtime: a small file may ask for any amount."""
    import onnxruntime

    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    where = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    exactly = {"max_mem": MEMORY, "arena_extend_strategy": 1}  # no more than is asked for
    # A program that uses ocr may have one of its own, which stands for this one then.
    with contextlib.suppress(Exception):  # onnxruntime raises classes without a common base
        onnxruntime.create_and_register_allocator(where, onnxruntime.OrtArenaCfg(exactly))


def _reason(error: Exception) -> str | None:
    """What is wrong with a network; None if the system's memory ran out."""
    if TOO_LITTLE in str(error):
        return f"it needs more than {MEMORY >> 20} MiB of memory"
    return None if memory.ran_out(error) else type(error).__name__


class Session:
    """A network run by ONNX Runtime, and held to what it declares.

    One thread, because a page is small work: a second thread spins more than it helps, and many
    pages are better spread over processes. Memory comes from an arena of `MEMORY` bytes, and is
    given back after each run.

    Parameters
    ----------
    path : Path
    metadata : Metadata
        What the file says of itself, by `ocr.weights.read_metadata`.

    Raises
    ------
    ModelError
        The file is no `.onnx`, the graph cannot be loaded, is no plain network (`ocr.graphs`), or
        gives something else than its description tells of.
    """

    def __init__(self, path: Path, metadata: Metadata) -> None:
        import onnxruntime

        self._path = path
        if path.suffix != ".onnx":
            raise ModelError(
                f"{path}: serves to train on from, not to read. Name the .onnx file beside it."
            )
        try:
            data = graphs.read(path)
            graphs.check(data)
        except (OSError, ValueError) as error:
            raise damaged(path, error) from None
        _bound_memory()
        self._giving_back = onnxruntime.RunOptions()
        self._giving_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.log_severity_level = 4  # what is wrong is told by errors
        try:
            self._session = onnxruntime.InferenceSession(
                data,
                sess_options=options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # which would print on stdout
            )
        except Exception as error:  # onnxruntime raises classes of its own, without a common base
            reason = _reason(error)
            raise damaged(path, error if reason is None else reason) from None
        self._shapes = [one.shape for one in self._session.get_outputs()]
        self._check_shapes(metadata)

    def _check_shapes(self, metadata: Metadata) -> None:
        """Check that its declared inputs and outputs are those of its kind."""
        taken = [one.shape for one in self._session.get_inputs()]
        classes = {"lines": len(metadata.charset) + 1}.get(metadata.kind, len(metadata.charset))
        ends = [shape[-1] for shape in self._shapes if shape]
        if len(taken) != 1 or len(taken[0]) != 4 or not ends:
            raise damaged(self._path, "its network takes or gives something else than pictures")
        if metadata.kind == "page" and [shape[1:2] for shape in self._shapes] != [[PAGE_MAPS]]:
            raise damaged(self._path, f"its network gives something else than {PAGE_MAPS} maps")
        known = metadata.kind in ("mlp", "cnn", "lines") and isinstance(ends[0], int)
        if known and ends[0] != classes:
            raise damaged(self._path, f"it tells {ends[0]} characters apart and names {classes}")

    def get_inputs(self) -> list[Any]:
        """As of `onnxruntime.InferenceSession`."""
        return list(self._session.get_inputs())

    def run(
        self, names: Sequence[str] | None, feeds: Mapping[str, NDArray[np.generic]]
    ) -> list[NDArray[np.float32]]:
        """As of `onnxruntime.InferenceSession`."""
        import numpy as np

        try:
            found = self._session.run(names, feeds, self._giving_back)
        except Exception as error:  # as above
            reason = _reason(error)
            if reason is None:
                raise MemoryError from None
            raise damaged(self._path, f"its network fails: {reason}") from None
        for one, shape in zip(found, self._shapes, strict=False):
            fits = one.ndim == len(shape) and all(
                side == size for side, size in zip(one.shape, shape, strict=True)
                if isinstance(size, int)
            )  # fmt: skip
            if not fits:
                raise damaged(self._path, f"its network gives {one.shape}, not {tuple(shape)}")
            if one.dtype.kind == "f" and not np.isfinite(one).all():
                raise damaged(self._path, "its network gives no numbers")
        return list(found)
