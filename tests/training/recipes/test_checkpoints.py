"""training.recipes.checkpoints: they come back, and are blended."""

import torch
from network_fakes import SMALL, loss_of, some_lines

from training.networks.line import LineNetwork
from training.recipes.checkpoints import load_blended, load_checkpoint, save_checkpoint


def test_checkpoints_come_back_as_they_were(network, tmp_path):
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    lines = some_lines(3)
    loss_of(network, lines).backward()
    optimizer.step()
    path = tmp_path / "lines.ckpt"
    save_checkpoint(path, network, network, optimizer, seen=77)
    other, average = LineNetwork(SMALL), LineNetwork(SMALL)
    again = torch.optim.AdamW(other.parameters(), 0.01)
    assert load_checkpoint(path, other, average, again) == 77
    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)
        assert torch.equal(average.state_dict()[key], value)
    first = next(iter(again.state_dict()["state"].values()))
    assert first["step"] == 1


def test_mean_weights_are_blended_with_those_before(network, tmp_path):
    average, before = LineNetwork(SMALL), LineNetwork(SMALL)
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    path, old = tmp_path / "lines.ckpt", tmp_path / "before.ckpt"
    save_checkpoint(path, network, average, optimizer, seen=77)
    save_checkpoint(old, network, before, optimizer)
    plain, seen = load_blended(lambda: LineNetwork(SMALL), path, None, 0.25)
    assert seen == 77
    assert torch.equal(plain.head.weight, average.head.weight)
    assert not plain.training
    blended, _ = load_blended(lambda: LineNetwork(SMALL), path, old, 0.25)
    expected = 0.75 * average.head.weight + 0.25 * before.head.weight
    assert torch.allclose(blended.head.weight, expected, atol=1e-6)
