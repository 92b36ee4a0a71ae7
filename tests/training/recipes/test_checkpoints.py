"""training.recipes.checkpoints: they come back, and are blended."""

import signal

import pytest
import torch
from network_fakes import SMALL, loss_of, some_lines

from ocr.errors import DataError, OutputError
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


def test_a_checkpoint_on_a_full_disk_leaves_the_old_one(network, tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "lines.ckpt"
    path.write_bytes(b"old")
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"lines\.ckpt: cannot be written"):
            save_checkpoint(path, network, network, optimizer, seen=77)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == b"old"


def test_what_is_no_checkpoint_of_a_network_is_named(network, tmp_path):
    small, whole, half, empty, weights = (
        tmp_path / name for name in ("other", "whole", "half", "empty", "half.safetensors")
    )
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    other = torch.nn.Linear(2, 2)
    save_checkpoint(small, other, other, torch.optim.AdamW(other.parameters()), seen=1)
    save_checkpoint(whole, network, network, optimizer, seen=1)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    empty.touch()
    weights.write_bytes(b"no weights")
    for path in (small, half, empty, weights):
        with pytest.raises(DataError, match=rf"{path.name}: damaged, or no checkpoint") as caught:
            load_checkpoint(path, network, network, optimizer)
        assert "\n" not in str(caught.value)


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
