"""The line recognizer's network, batches, loss, checkpoints and weight files."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.lines.recognizer import FRAME, LineReader
from ocr.weights import Metadata
from training.data.shards import write_shard
from training.data.text import CHARSET
from training.networks.line import LineArchitecture, LineNetwork
from training.networks.onnx_graph import line_graph, quantized
from training.recipes import line_weights, weight_files
from training.recipes import lines as line_model
from training.recipes.checkpoints import load_blended, load_checkpoint, save_checkpoint
from training.recipes.trainer import Run, TimedPlan, run_through
from training.synthesis.strips import fits

SMALL = LineArchitecture(
    widths=(4, 8, 8, 8, 8), features=16, blocks=1, context=16, context_blocks=2, attention=(0,),
    heads=2, lstm=8,
)  # fmt: skip


@pytest.fixture
def network():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    found = LineNetwork(SMALL)
    for module in found.modules():  # as if trained: statistics of their own
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    with torch.no_grad():  # what grows from nothing has grown
        found.context.share.fill_(0.4)
        found.second.share.fill_(0.3)
    return found.eval()


def some_lines(count=30, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(0, 255, (LINE_HEIGHT, int(w))).astype(np.uint8), "ab c"[: int(w) % 4 + 1])
        for w in rng.integers(40, 400, count)
    ]


def test_one_row_of_logits_a_frame(network):
    with torch.inference_mode():
        logits = network(torch.rand(2, 1, LINE_HEIGHT, 88))
    assert logits.shape == (2, 88 // FRAME, len(CHARSET) + 1)


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


def loss_of(network, lines):
    logits = network(line_model.as_strips(line_model.stack(lines)))
    return line_model.ctc_loss(logits, line_model.widths_of(lines), lines)


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
    other = line_model.LineLearner(LineNetwork(SMALL), shards, panels, recipe).descent
    seen = load_checkpoint(path, other.network, other.average, other.optimizer)
    assert seen == learner.seen
    torch.testing.assert_close(other.average.head.weight, descent.average.head.weight)


def metadata():
    return Metadata("lines", "lines", {}, CHARSET, NORMALIZATION, ())


def test_onnx_computes_what_torch_does(network, tmp_path):
    model = line_graph(network)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    lines = torch.rand(3, 1, LINE_HEIGHT, 64)
    with torch.inference_mode():
        expected = network(lines).numpy()
    (found,) = session.run(None, {"strips": lines.numpy()})
    assert np.abs(found - expected).max() < 1e-4
    one, two = (line_graph(network).SerializeToString() for _ in range(2))
    assert one == two


def test_a_graph_in_8_bits_computes_nearly_the_same(network):
    lines = np.random.default_rng(0).random((3, LINE_HEIGHT, 64), dtype=np.float32)
    samples = [line[None, None] for line in lines]
    model = quantized(line_graph(network), samples)
    kinds = {node.op_type for node in model.graph.node}
    assert "DynamicQuantizeLSTM" in kinds and "LSTM" not in kinds
    relus = sum(node.op_type == "Relu" for node in model.graph.node)
    assert relus == 2  # behind the first convolution and a normalization; others are in theirs
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    with torch.inference_mode():
        expected = network(torch.from_numpy(lines[:, None])).numpy()
    (found,) = session.run(None, {"strips": lines[:, None]})
    assert np.abs(found - expected).max() < 0.08 * np.ptp(
        expected
    )  # on AVX2; less on newer processors
    again = quantized(line_graph(network), samples)
    assert again.SerializeToString(deterministic=True) == model.SerializeToString(
        deterministic=True
    )


def test_weight_files_can_be_read_and_trained_on(network, tmp_path):
    lines = [np.ones((1, 1, LINE_HEIGHT, 64), dtype=np.float32)]
    model = quantized(line_graph(network), lines)
    weight_files.save_onnx(tmp_path / "lines.onnx", model, metadata())
    reader = LineReader(tmp_path / "lines.onnx")
    assert len(reader.read([np.ones((LINE_HEIGHT, 90), dtype=np.float32)])) == 1
    weight_files.save_safetensors(tmp_path / "lines.safetensors", network, metadata(), halved=True)
    other, average = LineNetwork(SMALL), LineNetwork(SMALL)
    assert load_checkpoint(tmp_path / "lines.safetensors", other, average) == 0
    assert torch.allclose(other.head.weight, network.head.weight, atol=1e-3)


def test_temperature_makes_overconfidence_milder(network):
    with torch.no_grad():
        network.head.weight.mul_(40)
    rng = np.random.default_rng(0)
    lines = [
        (rng.random((LINE_HEIGHT, 120)).astype(np.float32), "nothing like it") for _ in range(4)
    ]
    assert line_weights.fit_line_temperature(network, lines) > 1
