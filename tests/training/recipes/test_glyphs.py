import math
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from training.data.glyphs import CHARSET, GlyphSet
from training.networks.onnx_graph import glyph_graph, quantized
from training.recipes.glyphs import (
    BETWEEN,
    SHARES,
    Phase,
    Recipe,
    Sampler,
    case_loss,
    network_logits,
    other_case,
    train,
    untrained,
)


def make_set(labels, seed=0):
    """Bars at a place that tells the label."""
    rng = np.random.default_rng(seed)
    images = rng.integers(200, 255, (len(labels), 32, 32)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3:29, 4 + 6 * (label % 4) : 8 + 6 * (label % 4)] = 0
    return GlyphSet(images, np.array(labels), np.ones(len(labels), bool))


def test_other_case_swaps_only_where_the_label_does_not_tell():
    labels = np.array([CHARSET.index(sign) for sign in "Aa7a"])
    others = other_case(labels, np.array([False, False, False, True]))
    assert [CHARSET[k] for k in others] == ["a", "A", "7", "a"]


def test_loss_is_the_smoothed_cross_entropy_where_the_case_is_known():
    logits = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 3, 9, 2, 2, 5])
    expected = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.05)
    torch.testing.assert_close(case_loss(logits, labels, labels), expected)


def test_loss_does_not_care_which_case_takes_the_probability():
    labels, others = torch.tensor([1]), torch.tensor([2])
    shares = [torch.tensor([[0.0, a, 0.9 - a, 0.1]]) for a in (0.2, 0.45, 0.7)]
    right = [torch.logsumexp(p[:, 1:3].log(), 1) for p in shares]  # what the smoothing is added to
    torch.testing.assert_close(torch.cat(right), torch.full((3,), math.log(0.9)))
    one = torch.tensor([[-9.0, 2.0, -2.0, 0.0]])
    two = torch.tensor([[-9.0, -2.0, 2.0, 0.0]])
    torch.testing.assert_close(case_loss(one, labels, others), case_loss(two, labels, others))
    assert case_loss(one, labels, others) < case_loss(two, labels, labels)


def test_sampler_draws_rare_classes_more_often_than_they_come():
    sets = {"emnist": make_set([0] * 900 + [1] * 100), "fonts": make_set([2] * 10)}
    sampler = Sampler(sets, class_power=0.5)
    drawn = sampler.draw(np.random.default_rng(0), 20_000)
    counts = np.bincount(sampler.labels[drawn], minlength=3) / 20_000
    emnist = SHARES["emnist"] / (SHARES["emnist"] + SHARES["fonts"])
    np.testing.assert_allclose(counts[:3], [emnist * 0.75, emnist * 0.25, 1 - emnist], atol=0.015)


@pytest.fixture
def one_thread():
    """Sums on several threads may differ in the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_training_learns_and_repeats(one_thread):
    sets = {"emnist": make_set([33, 34, 35] * 40)}
    phases = (Phase(3, 1e-2, 0.5, 1.0), Phase(2, 5e-3, 0.5, -0.5))
    recipe = Recipe(widths=(4, 8, 8), phases=phases, samples=640, batch=32)
    seen = []
    network = train(
        sets, recipe, untrained(recipe), lambda averaged: {"seen": len(seen.append(1) or seen)}
    )
    assert len(seen) == 5
    logits = network_logits(network, sets["emnist"].images)
    assert (logits.argmax(axis=1) == sets["emnist"].labels).mean() > 0.95
    again = network_logits(train(sets, recipe, untrained(recipe)), sets["emnist"].images)
    np.testing.assert_array_equal(logits, again)


def test_a_phase_does_not_depend_on_who_ran_the_one_before(one_thread):
    sets = {"emnist": make_set([33, 34] * 20)}
    learn, settle = Phase(1, 1e-2, 0.5, 1.0), Phase(1, 5e-3, 0.5, 1.0)
    recipe = Recipe(widths=(4, 8, 8), phases=(learn, settle), samples=64, batch=32)
    start = untrained(recipe)
    whole = train(sets, recipe, start)
    nothing = Phase(0, 1e-2, 0.5, 1.0)
    first = train(sets, replace(recipe, phases=(learn, replace(settle, epochs=0))), start)
    second = train(sets, replace(recipe, phases=(nothing, settle)), first)
    for ours, theirs in zip(whole.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_the_graph_for_reading_computes_nearly_the_same_in_8_bits():
    network = untrained(Recipe(widths=(8, 16, 16))).eval()
    glyphs = make_set([0, 1, 2, 3] * 4).images[:, None].astype(np.float32) / np.float32(255)
    model = quantized(glyph_graph(network), [glyphs], BETWEEN)
    weights = {one.name: one for one in model.graph.initializer}
    inputs = [node.input[0] for node in model.graph.node if node.op_type == "DequantizeLinear"]
    whole = [onnx.numpy_helper.to_array(weights[name]) for name in inputs if name in weights]
    signed = [one for one in whole if one.dtype == np.int8]
    assert len(signed) == 8  # all convolutions but the first
    assert max(np.abs(one.astype(int)).max() for one in signed) <= 64  # no sum of two saturates
    graph = model.SerializeToString(deterministic=True)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network(torch.from_numpy(glyphs)).numpy()
    (found,) = session.run(None, {"glyphs": glyphs})
    assert np.abs(found - expected).max() < 0.05 * np.ptp(expected)
    again = quantized(glyph_graph(network), [glyphs], BETWEEN)
    assert again.SerializeToString(deterministic=True) == graph
