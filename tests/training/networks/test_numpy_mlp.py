import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.networks.numpy_mlp import (
    ACTIVATIONS,
    Layer,
    backward,
    cross_entropy_and_accuracy,
    cross_entropy_delta,
    forward,
    gradient_error,
    numerical_gradients,
    random_batches,
    softmax,
    update,
    xavier_layer,
)

HIDDEN = ("sigmoid", "tanh", "relu")


def make_network(hidden="sigmoid", seed=0):
    rng = np.random.default_rng(seed)
    return [
        xavier_layer(5, 7, rng, hidden),
        xavier_layer(7, 6, rng, hidden),
        xavier_layer(6, 4, rng, "softmax"),
    ]


def make_samples(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(9, 5)), np.eye(4)[rng.integers(4, size=9)]


def gradients_of(network, x, onehot):
    values = forward(network, x)
    return backward(network, values, cross_entropy_delta(values[-1], onehot))


def test_xavier_layer_has_the_variance_of_glorot_and_bengio():
    layer = xavier_layer(300, 200, np.random.default_rng(0))
    assert layer.weight.var() == pytest.approx(2 / 500, rel=0.02)
    assert np.abs(layer.weight).max() <= np.sqrt(6 / 500)
    assert not layer.bias.any()


@pytest.mark.parametrize("name", HIDDEN)
def test_activation_and_slope_agree_with_torch(name):
    activation, slope = ACTIVATIONS[name]
    x = torch.tensor([-1000.0, -2.0, -0.5, 0.3, 2.0, 1000.0], dtype=torch.float64).requires_grad_()
    y = getattr(torch, name)(x)
    y.sum().backward()
    ours = activation(x.detach().numpy())
    np.testing.assert_allclose(ours, y.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(slope(ours), x.grad.numpy(), atol=1e-12)


@given(
    arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6)),
    st.floats(-1e6, 1e6),
)
def test_softmax_sums_to_one_and_ignores_a_shift(x, shift):
    y = softmax(x)
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y.sum(axis=1), 1.0)
    np.testing.assert_allclose(softmax(x + shift), y, atol=1e-6)


def test_cross_entropy_and_accuracy_of_known_values():
    probabilities = np.array([[0.5, 0.5, 0.0], [0.1, 0.8, 0.1]])
    loss, accuracy = cross_entropy_and_accuracy(probabilities, np.eye(3)[[0, 2]])
    assert loss == pytest.approx(-np.log(0.5) - np.log(0.1))
    assert accuracy == 0.5
    loss, _ = cross_entropy_and_accuracy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
    assert np.isfinite(loss)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_forward_and_gradients_agree_with_autograd(hidden):
    network = make_network(hidden)
    x, onehot = make_samples()
    tensors = [
        (torch.tensor(layer.weight).requires_grad_(), torch.tensor(layer.bias).requires_grad_())
        for layer in network
    ]
    values = torch.tensor(x)
    for weight, bias in tensors[:-1]:
        values = getattr(torch, hidden)(values @ weight + bias)
    logits = values @ tensors[-1][0] + tensors[-1][1]
    truth = torch.tensor(onehot.argmax(axis=1))
    loss = torch.nn.functional.cross_entropy(logits, truth, reduction="sum")
    loss.backward()
    ours = cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[0]
    assert ours == pytest.approx(loss.item(), abs=1e-6)
    for (dw, db), (weight, bias) in zip(gradients_of(network, x, onehot), tensors, strict=True):
        np.testing.assert_allclose(dw, weight.grad.numpy(), atol=1e-6)
        np.testing.assert_allclose(db, bias.grad.numpy(), atol=1e-6)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_gradient_checker_passes_ours_and_fails_a_planted_mistake(hidden):
    network = make_network(hidden)
    x, onehot = make_samples()

    def loss():
        return cross_entropy_and_accuracy(forward(network, x)[-1], onehot)[0]

    before = [layer.weight.copy() for layer in network]
    checked = numerical_gradients(network, loss)
    for layer, weight in zip(network, before, strict=True):
        np.testing.assert_array_equal(layer.weight, weight)
    ours = gradients_of(network, x, onehot)
    assert gradient_error(ours, checked) < 1e-4
    ours[0][0][2, 3] *= 1.5
    assert gradient_error(ours, checked) > 1e-4


def test_backward_refuses_softmax_inside():
    network = [Layer(np.eye(2), np.zeros(2), "softmax"), Layer(np.eye(2), np.zeros(2), "softmax")]
    values = forward(network, np.ones((1, 2)))
    with pytest.raises(ValueError, match="last activation"):
        backward(network, values, values[-1])


@given(st.integers(0, 30), st.integers(1, 12))
def test_random_batches_hold_every_sample_once(count, size):
    x = np.arange(count, dtype=float)[:, None]
    batches = list(random_batches(x, -x, size, np.random.default_rng(0)))
    assert all(len(rows) <= size for rows, _ in batches)
    assert all((rows == -truth).all() for rows, truth in batches)
    seen = sorted(value for rows, _ in batches for value in rows[:, 0])
    assert seen == list(range(count))


def test_update_with_momentum_agrees_with_torch():
    network = [Layer(np.array([[1.0, 2.0]]), np.array([0.5, -0.5]), "linear")]
    weight = torch.tensor(network[0].weight.copy()).requires_grad_()
    bias = torch.tensor(network[0].bias.copy()).requires_grad_()
    optimizer = torch.optim.SGD([weight, bias], lr=0.1, momentum=0.9)
    velocity = None
    for step in range(4):
        dw, db = np.array([[0.3, -step]]), np.array([step, 0.2])
        velocity = update(network, [(dw, db)], 0.1, 0.9, velocity)
        weight.grad, bias.grad = torch.tensor(dw), torch.tensor(db)
        optimizer.step()
    np.testing.assert_allclose(network[0].weight, weight.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(network[0].bias, bias.detach().numpy(), atol=1e-12)


def test_learns_a_few_gaussian_classes():
    rng = np.random.default_rng(0)
    centers = np.array([[3.6, 40.0], [-15.0, 20.0], [-3.0, 5.0], [20.0, 18.0]]) / 10
    x = np.concatenate([rng.normal(center, 0.5, (10, 2)) for center in centers])
    onehot = np.repeat(np.eye(4), 10, axis=0)
    network = [xavier_layer(2, 25, rng), xavier_layer(25, 4, rng, "softmax")]
    for _ in range(200):
        for rows, truth in random_batches(x, onehot, 5, rng):
            update(network, gradients_of(network, rows, truth), 0.02)
    loss, accuracy = cross_entropy_and_accuracy(forward(network, x)[-1], onehot)
    assert loss < 10
    assert accuracy > 0.9
