"""The three kinds of models that `ocr train` makes: build, measure, calibrate, write.

One class a kind, with the same methods (`System`); how each learns stands in its learner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ocr.errors import DataError, ModelError
from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import softmax
from ocr.letters.classifiers.cnn import GlyphCnn, TorchClassifier
from ocr.letters.glyphs import GLYPH_SIZE
from ocr.letters.glyphs import NORMALIZATION as GLYPH_NORMALIZATION
from ocr.lines.ctc import BLANK
from ocr.lines.normalize import LINE_HEIGHT
from ocr.lines.normalize import NORMALIZATION as LINE_NORMALIZATION
from ocr.lines.recognizer import FRAME
from ocr.weights import Metadata, read_metadata
from training.networks.line import LineNetwork
from training.networks.numpy_mlp import Layer
from training.networks.onnx_graph import glyph_graph, line_graph
from training.own_hand.glyph_learners import CnnLearner, MlpLearner, as_glyphs
from training.own_hand.line_learner import LineLearner, network_of, pooled_errors, read_samples
from training.own_hand.replay import Base
from training.own_hand.samples import Samples
from training.own_hand.task import Task
from training.recipes import weight_files
from training.recipes.checkpoints import load_checkpoint
from training.recipes.descent import State
from training.recipes.glyphs import network_logits
from training.recipes.lines import as_strips, stack
from training.recipes.mlp import HIDDEN, mlp_logits, new_network
from training.recipes.mlp import load as load_mlp
from training.recipes.mlp import save as save_mlp
from training.recipes.temperature import fit_temperature
from training.recipes.trainer import Learner

if TYPE_CHECKING:
    import onnx

    from training.own_hand.settings import Recipe

CALIBRATION = 100  # samples that a temperature is fitted on, at least
CALIBRATION_LINES = 60  # lines that it is fitted on, at most
ONNX_TOLERANCE = 1e-4  # of the largest logit: by so much the ONNX graph may differ from torch
CHECKED = 64  # samples that this is checked on
WIDTHS = (32, 64, 128)  # of the CNN from scratch


@dataclass(frozen=True)
class Measured:
    """What a model reads of held-back samples: figures, and the readings for the report.

    `own` and `base` are accuracies of characters, or error rates (CER) of lines.
    """

    own: float
    base: float | None
    read: tuple[str, ...]  # of the own samples
    sure: tuple[float, ...] = ()  # confidence of each, for characters


class System(Protocol):
    """One kind of model, from its start to its files."""

    architecture: dict[str, Any]
    normalization: str

    def learner(self, task: Task) -> Learner:
        """A learner that trains this model from its present weights."""
        ...

    def take(self, weights: State) -> None:
        """Use weights that the learner returned."""
        ...

    def measured(self, held: Samples, base: Base | None) -> Measured:
        """Read the samples held back and the base test, and measure both."""
        ...

    def temperature(self, valid: Samples, base: Base | None, old: float) -> float:
        """The temperature that calibrates confidences; `old` with too few samples to fit one."""
        ...

    def save(self, out: Path, metadata: Metadata, held: Samples) -> tuple[Path, ...]:
        """Write the weight files, the one to read with first."""
        ...


class GlyphSystem:
    """What both classifiers of glyphs have in common; see `System`."""

    charset: str
    normalization = GLYPH_NORMALIZATION

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits (N, K) of glyphs (N, 32, 32)."""
        raise NotImplementedError

    def measured(self, held: Samples, base: Base | None) -> Measured:
        glyphs = as_glyphs(held, self.charset)
        logits = self._logits(glyphs.images)
        proba = softmax(logits)
        on_base = None
        if base is not None and len(base.test):
            test = as_glyphs(base.test, self.charset)
            on_base = test.accuracy(self._logits(test.images))
        return Measured(
            glyphs.accuracy(logits),
            on_base,
            tuple(self.charset[k] for k in proba.argmax(axis=1)),
            tuple(float(p) for p in proba.max(axis=1)),
        )

    def temperature(self, valid: Samples, base: Base | None, old: float) -> float:
        parts = [as_glyphs(valid, self.charset)]
        if base is not None and base.real:
            parts.append(as_glyphs(base.valid, self.charset))
        if sum(map(len, parts)) < CALIBRATION:
            return old
        logits = np.concatenate([self._logits(part.images) for part in parts])
        return fit_temperature(logits, np.concatenate([part.labels for part in parts]))


class MlpSystem(GlyphSystem):
    """The numpy network; see `System`."""

    def __init__(self, recipe: Recipe, charset: tuple[str, ...], start: Path | None) -> None:
        self.charset = "".join(charset)
        if start is None:
            rng = np.random.default_rng((recipe.seed, 3))
            self.network = new_network(GLYPH_SIZE**2, HIDDEN, len(charset), rng)
        else:
            self.network = load_mlp(start)
        hidden = [layer.weight.shape[1] for layer in self.network[:-1]]
        self.architecture = {
            "name": "mlp",
            "arguments": {"inputs": GLYPH_SIZE**2, "hidden": hidden, "activation": "sigmoid"},
        }

    def learner(self, task: Task) -> MlpLearner:
        network = [Layer(l.weight.copy(), l.bias.copy(), l.activation) for l in self.network]  # noqa: E741
        return MlpLearner(network, self.charset, task)

    def take(self, weights: State) -> None:
        for k, layer in enumerate(self.network, start=1):
            layer.weight, layer.bias = weights[f"W{k}"], weights[f"b{k}"]

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return mlp_logits(self.network, images)

    def save(self, out: Path, metadata: Metadata, held: Samples) -> tuple[Path, ...]:
        path = out / f"{metadata.name}.npz"
        save_mlp(path, self.network, metadata)
        return (path,)


class CnnSystem(GlyphSystem):
    """The convolutional network; see `System`."""

    def __init__(self, recipe: Recipe, charset: tuple[str, ...], start: Path | None) -> None:
        self.charset = "".join(charset)
        torch.manual_seed(recipe.seed)
        if start is None:
            self.architecture: dict[str, Any] = {
                "name": "GlyphCnn",
                "arguments": {"classes": len(charset), "widths": list(WIDTHS), "dropout": 0.3},
            }
            self.network = GlyphCnn(len(charset), WIDTHS)
        else:
            found = load_classifier(start)
            if not isinstance(found, TorchClassifier):
                raise ModelError(f"{start}: not a .safetensors file.")
            self.architecture, self.network = found.metadata.architecture, found.network
        self.network.eval()

    def learner(self, task: Task) -> CnnLearner:
        network = GlyphCnn(**self.architecture["arguments"])
        network.load_state_dict(self.network.state_dict())
        return CnnLearner(network, self.charset, task)

    def take(self, weights: State) -> None:
        self.network.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
        self.network.eval()

    def _logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return network_logits(self.network, images)

    def save(self, out: Path, metadata: Metadata, held: Samples) -> tuple[Path, ...]:
        glyphs = np.stack(held.images[:CHECKED])[:, None].astype(np.float32) / np.float32(255)
        with torch.inference_mode():
            wanted = self.network(torch.from_numpy(glyphs)).numpy()
        model = glyph_graph(self.network)
        check_onnx(model, "glyphs", glyphs, wanted)
        return weight_files.save_both(out / metadata.name, self.network, model, metadata)


class LineSystem:
    """The line recognizer; see `System`."""

    normalization = LINE_NORMALIZATION

    def __init__(self, recipe: Recipe, charset: tuple[str, ...], start: Path | None) -> None:
        torch.manual_seed(recipe.seed)
        self.network = LineNetwork()
        if start is not None:
            found = read_metadata(start)
            if found.charset != charset or found.normalization != LINE_NORMALIZATION:
                raise ModelError(
                    f"{start}: made for another charset or way of cutting lines than this version "
                    f"trains. Use --from {SYSTEM_START}."
                )
            self.network = network_of(found.architecture)
            try:
                load_checkpoint(start, self.network, network_of(found.architecture))
            except DataError as error:
                raise ModelError(str(error)) from None
        self.network.eval()
        self.architecture = {
            **{
                key: list(value) if isinstance(value, tuple) else value
                for key, value in asdict(self.network.architecture).items()
            },
            "height": LINE_HEIGHT,
            "frame": FRAME,
            "blank": BLANK,
        }

    def learner(self, task: Task) -> LineLearner:
        network = LineNetwork(self.network.architecture)
        network.load_state_dict(self.network.state_dict())
        return LineLearner(network, task)

    def take(self, weights: State) -> None:
        self.network.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
        self.network.eval()

    def measured(self, held: Samples, base: Base | None) -> Measured:
        read = read_samples(self.network, held)
        own = pooled_errors(held, read).rate or 0.0
        on_base = None
        if base is not None:
            on_base = pooled_errors(base.test, read_samples(self.network, base.test)).rate
        return Measured(own, on_base, tuple(read))

    def temperature(self, valid: Samples, base: Base | None, old: float) -> float:
        from training.recipes.line_weights import fit_line_temperature

        both = [valid, base.valid] if base is not None and base.real else [valid]
        lines = [
            (image.astype(np.float32) / 255, text)
            for part in both
            for image, text in zip(part.images, part.labels, strict=True)
        ]
        if sum(len(text) for _, text in lines) < CALIBRATION:
            return old
        chosen = np.linspace(0, len(lines) - 1, min(CALIBRATION_LINES, len(lines))).astype(int)
        return fit_line_temperature(self.network, [lines[k] for k in chosen])

    def save(self, out: Path, metadata: Metadata, held: Samples) -> tuple[Path, ...]:
        some = sorted(held.images, key=lambda image: image.shape[1])[: CHECKED // 8]
        lines = as_strips(stack([(image, "") for image in some]))
        with torch.inference_mode():
            wanted = self.network(lines).numpy()
        model = line_graph(self.network)
        check_onnx(model, "strips", lines.contiguous().numpy(), wanted)
        return weight_files.save_both(out / metadata.name, self.network, model, metadata)


SYSTEM_START = "lines.safetensors"
SYSTEMS: dict[str, Callable[[Recipe, tuple[str, ...], Path | None], System]] = {
    "mlp": MlpSystem,
    "cnn": CnnSystem,
    "lines": LineSystem,
}


def check_onnx(
    model: onnx.ModelProto, name: str, values: NDArray[np.float32], wanted: NDArray[np.float32]
) -> None:
    """Compare what an ONNX graph computes with what torch did.

    Raises
    ------
    ModelError
        They differ by more than `ONNX_TOLERANCE`, or are not finite.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {name: values})
    difference = float(np.abs(found - wanted).max()) / max(1.0, float(np.abs(wanted).max()))
    if not difference <= ONNX_TOLERANCE:  # NaN too
        raise ModelError(
            f"the ONNX graph differs from the trained network by {difference:.1g} of its largest "
            "output; nothing was written. Lower --rate and train again."
        )
