"""One step of training: the schedule, the running mean, what is skipped, going on."""

import copy
import math

import numpy as np
import pytest
import torch

from training.recipes.descent import (
    Descent,
    Optimization,
    blend,
    rate_at,
    update_average,
    weight_groups,
)


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 2),
    )


def loss_of(descent, seed=0):
    x = torch.randn(8, 1, 6, 6, generator=torch.Generator().manual_seed(seed))
    return descent.network(x).pow(2).mean()


def test_the_rate_falls_to_nothing_from_its_top():
    rates = [rate_at(done) for done in np.linspace(0, 1, 201)]
    top = int(np.argmax(rates))
    assert 0 < top < 10
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == pytest.approx(0)


def test_biases_and_norms_do_not_decay():
    decayed, kept = weight_groups(network(), 0.1)
    assert decayed["weight_decay"] == 0.1
    assert [p.ndim for p in decayed["params"]] == [4, 2]
    assert kept["weight_decay"] == 0
    assert {p.ndim for p in kept["params"]} == {1}


def test_average_moves_toward_the_network():
    one, two = network(), network()
    with torch.no_grad():
        two[3].weight.add_(1)
    before = one[3].weight.detach().clone()
    update_average(one, two, decay=0.5, count=10**6)
    torch.testing.assert_close(one[3].weight, before + 0.5)
    update_average(one, two, decay=0.999, count=0)  # at the start it forgets fast
    torch.testing.assert_close(one[3].weight, before + 0.95)


def test_without_an_average_the_network_itself_is_kept():
    descent = Descent(network(), Optimization(0.1, average=0.0))
    descent.begin(np.random.default_rng(0))
    descent.step(loss_of(descent), 1.0)
    for ours, theirs in zip(
        descent.average.state_dict().values(), descent.network.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_a_loss_that_is_no_number_changes_nothing():
    descent = Descent(network(), Optimization(0.1))
    before = [p.detach().clone() for p in descent.network.parameters()]
    assert math.isnan(descent.step(loss_of(descent) * math.nan, 1.0))
    for now, then in zip(descent.network.parameters(), before, strict=True):
        assert torch.equal(now, then)
    assert descent.count == 0


def test_what_is_drawn_back_stays_nearer():
    moved = []
    for pull in (0.0, 0.5):
        descent = Descent(network(), Optimization(0.05, pull=pull))
        before = descent.network[3].weight.detach().clone()
        for _ in range(5):
            descent.step(loss_of(descent), 1.0)
        moved.append(float((descent.network[3].weight.detach() - before).norm()))
    assert moved[1] < 0.6 * moved[0]


def test_at_a_rate_of_nothing_nothing_moves():
    descent = Descent(network(), Optimization(0.05, pull=0.5))
    descent.step(loss_of(descent), 1.0)
    before = [p.detach().clone() for p in descent.network.parameters()]
    descent.step(loss_of(descent), 0.0)
    for now, then in zip(descent.network.parameters(), before, strict=True):
        assert torch.equal(now, then)


def test_statistics_are_kept_if_asked():
    for keep in (True, False):
        descent = Descent(network(), Optimization(0.1, keep_statistics=keep))
        before = descent.network[1].running_mean.clone()
        descent.begin(np.random.default_rng(0))
        descent.step(loss_of(descent), 1.0)
        assert torch.equal(descent.network[1].running_mean, before) == keep


def test_a_state_comes_back_as_it_was():
    descent = Descent(network(), Optimization(0.1))
    descent.step(loss_of(descent), 1.0)
    other = Descent(network(), Optimization(0.1))
    other.restore(descent.state())
    for one in (descent, other):
        one.step(loss_of(one, seed=1), 1.0)
    for name, value in descent.state().items():
        np.testing.assert_array_equal(other.state()[name], value)


def test_gradients_may_meet_those_of_others():
    lone = Descent(network(), Optimization(0.1))

    def meet(loss):  # another process with the same strips
        return float(loss.detach())

    met = Descent(network(), Optimization(0.1), meet=meet)
    assert lone.step(loss_of(lone), 1.0) == met.step(loss_of(met), 1.0)
    met = Descent(network(), Optimization(0.1), meet=lambda loss: math.inf)
    assert math.isnan(met.step(loss_of(met), 1.0))  # one of them failed: none goes on


def test_a_blend_lies_between_two_networks():
    now = network()
    before = copy.deepcopy(now)
    with torch.no_grad():
        for value in now.state_dict().values():
            value.add_(1)
    blend(now, before, 0.25)
    for one, then in zip(now.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(one, then + 0.75)
    assert int(now[1].num_batches_tracked) == 1  # a count is no mean
