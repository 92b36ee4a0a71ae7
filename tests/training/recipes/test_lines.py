"""training.recipes.lines: batches, pools, loss, and a run that goes on."""

from pathlib import Path

import numpy as np
import torch
from network_fakes import SMALL, loss_of, some_lines

from ocr.lines.normalize import LINE_HEIGHT
from training.data.shards import write_shard
from training.data.text import CHARSET
from training.networks.line import LineNetwork
from training.recipes import lines as line_model
from training.recipes.checkpoints import save_checkpoint
from training.recipes.trainer import Run, TimedPlan, run_through
from training.synthesis.strips import fits


def test_batches_hold_every_line_once_and_like_widths():
    lines = some_lines(200)
    found = list(line_model.batches(lines, np.random.default_rng(0)))
    assert sorted(id(line) for batch in found for line in batch) == sorted(map(id, lines))
    for batch in found:
        widths = [image.shape[1] for image, _ in batch]
        assert len(batch) <= line_model.MOST
        assert len(batch) <= line_model.FEWEST or max(widths) * (len(batch) - 1) <= (
            line_model.BATCH_WIDTH + 24 * len(batch)
        )


def test_stack_pads_with_paper():
    image = np.zeros((LINE_HEIGHT, 10), dtype=np.uint8)
    stacked = line_model.stack([(image, "a"), (image[:, :5], "b")])
    assert stacked.shape == (2, 1, LINE_HEIGHT, 32)
    assert stacked[1, 0, :, 5:].min() == 255
    assert stacked[1, 0, :, :5].max() == 0


def test_a_batch_for_an_accelerator_is_cut_or_filled_up_to_a_size_that_its_width_tells():
    recipe = line_model.LineRecipe(batch_width=4000)
    learner = line_model.LineLearner(LineNetwork(SMALL), Path(), {}, recipe)
    for count in (1, 5, 90):
        lines = [(np.zeros((LINE_HEIGHT, 300), dtype=np.uint8), "ab")] * count
        assert len(learner._of_few_shapes(lines)) == round(4000 / (1.15 * 384))


def test_pools_take_in_new_shards_and_keep_what_fits(tmp_path):
    lines = [(np.zeros((LINE_HEIGHT, width), dtype=np.uint8), "abc") for width in (8, 40, 60)]
    write_shard(tmp_path / "0.npz", lines)
    found = line_model.pools(tmp_path, np.random.default_rng(0), count=2, kept=4)
    assert [image.shape[1] for image, _ in next(found)] == [40, 60]
    write_shard(tmp_path / "1.npz", lines)
    assert sorted(image.shape[1] for image, _ in next(found)) == [40, 40, 60, 60]


def test_greedy_removes_repeats_then_blanks():
    a, b = CHARSET.index("a") + 1, CHARSET.index("b") + 1
    logits = torch.nn.functional.one_hot(torch.tensor([[0, a, a, 0, a, b]]), len(CHARSET) + 1)
    assert line_model.greedy(logits.float()) == ["aab"]


def test_training_lowers_the_loss(network):
    network.train()
    lines = some_lines(6)
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    losses = []
    for _ in range(12):
        loss = loss_of(network, lines)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_a_run_of_some_minutes_learns_and_goes_on(network, tmp_path):
    """The loop of a long training, with a clock that runs by itself; then resumed."""
    shards = tmp_path / "shards"
    shards.mkdir()
    write_shard(
        shards / "0.npz", [(image, text) for image, text in some_lines(12) if fits(image, text)]
    )
    panels = {"some": [(np.ones((LINE_HEIGHT, 60), np.float32), "ab")]}
    recipe = line_model.LineRecipe(minutes=2, check_minutes=1)
    learner = line_model.LineLearner(network, shards, panels, recipe)
    before = network.head.weight.detach().clone()
    minutes = iter(np.arange(0, 9, 0.25))
    plan = TimedPlan(2, 1, 0, lambda: float(next(minutes)))
    run = run_through(learner, plan, Run(), {}).run
    assert run.finished and len(run.history) == 2
    assert (network.head.weight != before).any()
    assert learner.seen == run.history[-1]["lines"] > 0
    path, descent = tmp_path / "lines.ckpt", learner.descent
    save_checkpoint(path, descent.network, descent.average, descent.optimizer, seen=learner.seen)
    other = line_model.LineLearner(LineNetwork(SMALL), shards, panels, recipe)
    other.go_on(path)
    assert other.seen == learner.seen
    assert other.descent.count == descent.count == run.steps
    batch = next(iter(learner.batches(np.random.default_rng(0))))
    for one in (learner, other):
        one.step(batch, np.random.default_rng(1), rate=1.0)
    for mean, again in zip(
        descent.average.parameters(), other.descent.average.parameters(), strict=True
    ):
        torch.testing.assert_close(again, mean)
