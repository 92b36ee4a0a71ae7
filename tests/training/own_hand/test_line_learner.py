"""The line recognizer as a learner of one hand."""

import numpy as np
import pytest
import torch
from network_fakes import SMALL

from ocr.lines.normalize import LINE_HEIGHT
from training.networks.line import LineNetwork
from training.own_hand.line_learner import FEWEST_DRAWN, MANY, SHARE, SHOWN_AGAIN, LineLearner
from training.own_hand.replay import Base
from training.own_hand.samples import Samples
from training.own_hand.settings import Settings, resolved
from training.own_hand.task import Task


def samples(count: int) -> Samples:
    rng = np.random.default_rng(0)
    images = tuple(rng.integers(0, 255, (LINE_HEIGHT, 80)).astype(np.uint8) for _ in range(count))
    nothing = ("",) * count
    return Samples(images, ("ab c",) * count, np.ones(count, bool), nothing, nothing)


def learner(count: int, start: str, base: Base | None = None) -> LineLearner:
    torch.manual_seed(0)
    recipe = resolved(Settings(("x",), "y", batch=8), "lines", start)
    return LineLearner(LineNetwork(SMALL), Task(samples(count), samples(2), base, recipe))


STROKES = ("encoder.0.weight", "encoder.1.running_mean")
CONVOLUTIONS = (*STROKES, "blocks.0.wide.weight", "context.share")


@pytest.mark.parametrize(
    ("start", "count", "real", "kept"),
    [
        ("lines.safetensors", 8, True, CONVOLUTIONS),
        ("lines.safetensors", MANY, True, STROKES),
        ("lines.safetensors", MANY, False, CONVOLUTIONS),
        ("scratch", 8, True, ()),
    ],
)
def test_a_network_that_goes_on_keeps_its_convolutions_but_for_many_lines(
    start: str, count: int, real: bool, kept: tuple[str, ...]
) -> None:
    found = learner(count, start, Base("base", samples(2), samples(2), samples(2), real))
    before = {name: value.clone() for name, value in found.network.state_dict().items()}
    batch = next(iter(found.batches(np.random.default_rng(0))))
    assert np.isfinite(found.step(batch, np.random.default_rng(0), 1.0))
    for name in CONVOLUTIONS:
        assert torch.equal(before[name], found.network.state_dict()[name]) == (name in kept)
    assert not torch.equal(before["head.weight"], found.network.state_dict()["head.weight"])


@pytest.mark.parametrize(
    ("count", "drawn"),
    [(8, FEWEST_DRAWN), (30, 30 * SHOWN_AGAIN), (100, 3 * 100), (400, 400)],
)
def test_few_lines_are_shown_several_times_an_epoch(count: int, drawn: int) -> None:
    batches = learner(count, "lines.safetensors").batches(np.random.default_rng(0))
    assert sum(map(len, batches)) == drawn


def test_with_few_lines_held_back_a_later_epoch_is_kept() -> None:
    found = learner(8, "lines.safetensors")
    first = found.measure()["score"]
    found.descent.count += 100
    assert found.measure()["score"] > first


@pytest.mark.parametrize(
    ("start", "real", "share"),
    [
        ("lines.safetensors", None, SHARE),
        ("lines.safetensors", False, SHARE),
        ("lines.safetensors", True, 0.0),
        ("scratch", None, 0.0),
    ],
)
def test_what_is_kept_lies_between_before_and_after_but_for_real_base_lines(
    start: str, real: bool | None, share: float
) -> None:
    base = None if real is None else Base("base", samples(2), samples(2), samples(2), real)
    found = learner(8, start, base)
    before = found.weights()["head.bias"]
    with torch.no_grad():
        found.descent.average.head.bias.add_(1)
    np.testing.assert_allclose(found.weights()["head.bias"], before + 1 - share, rtol=1e-5)
