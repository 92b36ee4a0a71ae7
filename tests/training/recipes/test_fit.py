import numpy as np
import pytest
import torch

from ocr.letters.classifiers.cnn import GlyphCnn
from training.networks.color_cnn import ColorCnn, Frozen, flip, with_new_classifier
from training.recipes.fit import Fit, as_tensor, fit, logits_of, loss_and_accuracy


@pytest.fixture(autouse=True)
def one_thread():
    """Sums on several threads may differ in the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def bars(count, seed=0):
    """Pictures of a dark bar whose place tells the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    images = rng.integers(180, 255, (count, 32, 32)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[3:29, 5 + 8 * label : 9 + 8 * label] = 0
    return images, labels


def small(classes=3):
    torch.manual_seed(0)
    return GlyphCnn(classes, (4, 8, 8))


def test_as_tensor_puts_channels_first():
    assert as_tensor(np.full((2, 5, 4), 255, np.uint8)).shape == (2, 1, 5, 4)
    color = np.zeros((2, 5, 4, 3), np.uint8)
    color[1, 2, 3, 0] = 51
    assert as_tensor(color)[1, 0, 2, 3] == pytest.approx(0.2)


def test_loss_and_accuracy_of_known_logits():
    logits = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], np.float32))
    loss, accuracy = loss_and_accuracy(logits, np.array([0, 0]))
    assert loss == pytest.approx(-(np.log(0.25) + np.log(0.5)) / 2, abs=1e-6)
    assert accuracy == 0.5


@pytest.mark.parametrize("average", [False, True])
def test_training_learns_and_repeats(average):
    settings = Fit(5, batch=16, rate=1e-2, average=average)
    runs, seen = [], []
    for _ in range(2):
        network = small()
        made = fit(
            network, bars(200), bars(60, 1), settings, after_epoch=lambda e, c: seen.append(e)
        )
        runs.append(logits_of(network, bars(60, 1)[0]))
    assert seen == [1, 2, 3, 4, 5] * 2
    assert len(made.train_loss) == 5
    assert made.train_loss[-1] < made.train_loss[0]
    assert made.valid_accuracy[-1] > 0.95
    truth = bars(60, 1)[1]
    assert loss_and_accuracy(runs[0], truth) == (made.valid_loss[-1], made.valid_accuracy[-1])
    np.testing.assert_array_equal(runs[0], runs[1])


def test_a_new_classifier_leaves_the_network_it_came_from():
    network = small()
    before = [p.clone() for p in network.parameters()]
    made = with_new_classifier(network, 7, seed=0)
    assert logits_of(made, bars(2)[0]).shape == (2, 7)
    fit(made, bars(32), bars(8), Fit(1, batch=8))
    for ours, theirs in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_frozen_trains_the_classifier_alone():
    network = small()
    made = Frozen(with_new_classifier(network, 3, seed=0))
    state = {name: value.clone() for name, value in made.network.features.state_dict().items()}
    weight = made.network.head[-1].weight.detach().clone()
    fit(made, bars(64), bars(8), Fit(2, batch=8))
    for name, value in made.network.features.state_dict().items():
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)
    assert (made.network.head[-1].weight != weight).any()


def test_color_network_takes_pictures_of_any_size():
    network = ColorCnn(4, (4, 8)).eval()
    for side in (32, 50):
        with torch.inference_mode():
            assert network(torch.rand(2, 3, side, side)).shape == (2, 4)


def test_flip_mirrors_some_and_leaves_the_others():
    torch.manual_seed(0)
    pictures = torch.rand(40, 3, 4, 4)
    changed = flip(pictures)
    mirrored = [
        bool((new == old.flip(2)).all()) for new, old in zip(changed, pictures, strict=True)
    ]
    same = [bool((new == old).all()) for new, old in zip(changed, pictures, strict=True)]
    assert all(a != b for a, b in zip(mirrored, same, strict=True))
    assert 5 < sum(mirrored) < 35
