import math

import numpy as np
import pytest
import torch

from training.cnn import Recipe, Sampler, case_loss, network_logits, other_case, rate_at, train
from training.glyphs import CHARSET, GlyphSet


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


def test_rate_rises_and_falls():
    rates = [rate_at(step, 200) for step in range(200)]
    top = int(np.argmax(rates))
    assert rates[top] == 1.0
    assert 0 < top <= 10
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.001


def test_sampler_draws_rare_classes_more_often_than_they_come():
    sets = {"emnist": make_set([0] * 900 + [1] * 100), "fonts": make_set([2] * 10)}
    sampler = Sampler(sets, seed=0)
    counts = np.bincount(sampler.labels[sampler.draw(20_000)], minlength=3) / 20_000
    emnist = 0.56 / 0.68
    np.testing.assert_allclose(counts[:3], [emnist * 0.75, emnist * 0.25, 1 - emnist], atol=0.015)


def test_training_learns_and_repeats():
    sets = {"emnist": make_set([33, 34, 35] * 40)}
    recipe = Recipe(widths=(4, 8, 8), epochs=8, samples=640, batch=32, rate=1e-2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seen = []
        network = train(sets, recipe, lambda averaged, epoch: seen.append(epoch))
        again = train(sets, recipe)
    finally:
        torch.set_num_threads(threads)
    assert seen == list(range(1, 9))
    logits = network_logits(network, sets["emnist"].images)
    assert (logits.argmax(axis=1) == sets["emnist"].labels).mean() == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(logits, network_logits(again, sets["emnist"].images))
