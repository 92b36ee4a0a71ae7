"""Changes of strips: what they keep, and that they can be had again."""

from dataclasses import replace

import pytest
import torch

from training.synthesis import strip_changes
from training.synthesis.strip_changes import CONFIG, StripChanges

CPU = torch.device("cpu")
MULTIPLE = 8


def strips(widths=(60, 100), height=48):
    """Strips with a bar each, paper behind them."""
    found = torch.ones(len(widths), 1, height, max(widths) + 16)
    for row, width in enumerate(widths):
        found[row, 0, 12:32, width // 2 : width // 2 + 4] = 0
    return found, torch.tensor(widths)


def test_no_strip_gets_narrower_and_each_keeps_its_ink(monkeypatch):
    monkeypatch.setattr(strip_changes, "CONFIG", replace(CONFIG, hidden=0.0))
    before, widths = strips()
    for seed in range(20):
        after, new = StripChanges(seed, CPU)(before, widths, MULTIPLE)
        assert after.shape[:3] == before.shape[:3] and after.shape[3] % MULTIPLE == 0
        assert (new >= widths).all() and (new <= (1 + CONFIG.wider) * widths + 1).all()
        assert after.shape[3] >= int(new.max())
        assert after.min() >= 0 and after.max() <= 1
        ink = (1 - after).clamp(min=0.2).sub(0.2).sum((1, 2, 3))
        assert (ink > 25).all()


def test_the_width_of_a_batch_depends_on_its_longest_strip_alone():
    before, widths = strips((100, 100, 100))
    found = {StripChanges(seed, CPU)(before, widths, 128)[0].shape[3] for seed in range(8)}
    assert found == {256}


def test_without_strength_nothing_changes():
    before, widths = strips()
    after, new = StripChanges(3, CPU, strength=0.0)(before, widths, MULTIPLE)
    assert torch.equal(new, widths)
    torch.testing.assert_close(after[..., : before.shape[3]], before, atol=1e-4, rtol=0)
    assert after[..., before.shape[3] :].min() == 1


def test_a_spot_hides_little_of_some_strips():
    grey = torch.full((400, 1, 48, 96), 0.5)
    widths = torch.full((400,), 80)
    hidden = StripChanges(0, CPU)._hidden(grey, widths) != 0.5
    largest = CONFIG.spot[0] * CONFIG.spot[1]
    assert (hidden.sum((1, 2, 3)) <= largest).all()
    assert 0.15 < hidden.any(3).any(2).float().mean() < CONFIG.hidden + 0.05
    assert not hidden[..., 80 + CONFIG.spot[0] :].any()


def test_a_seed_gives_the_same_changes_again():
    before, widths = strips()
    one, two, other = (StripChanges(seed, CPU)(before, widths, MULTIPLE)[0] for seed in (5, 5, 6))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_paper_stays_paper_but_for_grain(strength):
    paper = torch.ones(4, 1, 48, 64)
    after, _ = StripChanges(0, CPU, strength)(paper, torch.full((4,), 48), MULTIPLE)
    assert after.min() > 0.6
