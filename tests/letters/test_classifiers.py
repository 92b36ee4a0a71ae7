"""One contract for the three kinds of classifier, on small networks and on the installed ones."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from ocr.errors import ModelError
from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.base import softmax
from ocr.letters.classifiers.cnn import GlyphCnn
from ocr.letters.glyphs import glyph_stack
from ocr.weights import Metadata, installed, read_metadata
from training.networks.onnx_graph import glyph_graph
from training.recipes.weight_files import save_npz, save_onnx, save_safetensors

CHARSET = ("A", "é", "1", ".", "z")
KINDS = ("mlp.npz", "cnn.safetensors", "cnn.onnx")
INSTALLED = [path.name for path in installed() if read_metadata(path).kind in ("mlp", "cnn")]


def describe(kind, **changes):
    arguments = {"classes": len(CHARSET), "widths": [4, 6, 8]} if kind == "cnn" else {}
    values = {
        "name": "tiny",
        "kind": kind,
        "architecture": {"name": kind, "arguments": arguments},
        "charset": CHARSET,
        "normalization": "test",
        "data": (),
        "temperature": 1.5,
    }
    return Metadata(**{**values, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    network = GlyphCnn(len(CHARSET), (4, 6, 8)).eval()
    save_safetensors(folder / "cnn.safetensors", network, describe("cnn"))
    save_onnx(folder / "cnn.onnx", glyph_graph(network), describe("cnn"))
    rng = np.random.default_rng(0)
    shapes = {"W1": (1024, 7), "b1": (7,), "W2": (7, 5), "b2": (5,)}
    arrays = {name: rng.normal(0, 0.3, shape) for name, shape in shapes.items()}
    save_npz(folder / "mlp.npz", arrays, describe("mlp"))
    return folder


@pytest.fixture(params=[*KINDS, *INSTALLED], scope="module")
def classifier(request, folder):
    own = folder / request.param
    return load_classifier(own if own.exists() else request.param)


@pytest.fixture
def glyphs():
    return np.random.default_rng(1).random((70, 32, 32), dtype=np.float32)


def test_rows_are_probabilities(classifier, glyphs):
    probabilities = classifier.predict_proba(glyphs)
    assert probabilities.shape == (70, len(classifier.charset))
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_charset_is_the_file_s(classifier):
    assert classifier.charset == classifier.metadata.charset
    assert len(set(classifier.charset)) == len(classifier.charset)
    assert all(len(sign) == 1 for sign in classifier.charset)


def test_no_glyphs_give_no_rows(classifier):
    empty = np.empty((0, 32, 32), np.float32)
    probabilities = classifier.predict_proba(empty)
    assert probabilities.shape == (0, len(classifier.charset))
    assert probabilities.dtype == np.float32


def test_a_glyph_s_row_does_not_depend_on_the_others(classifier, glyphs):
    together = classifier.predict_proba(glyphs)
    alone = classifier.predict_proba(glyphs[66:67])
    np.testing.assert_allclose(together[66:67], alone, atol=1e-5)
    np.testing.assert_allclose(classifier.predict_proba(glyphs[::-1]), together[::-1], atol=1e-5)


def test_the_same_input_gives_the_same_bytes_and_is_left_alone(classifier, glyphs):
    kept = glyphs.copy()
    first = classifier.predict_proba(glyphs)
    np.testing.assert_array_equal(first, classifier.predict_proba(glyphs))
    np.testing.assert_array_equal(glyphs, kept)


def test_other_dtypes_and_layouts_are_taken(classifier, glyphs):
    expected = classifier.predict_proba(glyphs)
    turned = np.asfortranarray(glyphs.astype(np.float64))
    np.testing.assert_allclose(classifier.predict_proba(turned), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 32), (2, 28, 28), (2, 1, 32, 32), (2, 1024)])
def test_other_shapes_are_refused(classifier, shape):
    with pytest.raises(ValueError, match="glyphs must be"):
        classifier.predict_proba(np.ones(shape, np.float32))


def test_white_and_black_glyphs_are_no_accident(classifier):
    extremes = np.stack([np.ones((32, 32)), np.zeros((32, 32))]).astype(np.float32)
    assert np.isfinite(classifier.predict_proba(extremes)).all()


@pytest.mark.parametrize("pair", [("cnn.onnx", "cnn.safetensors")])
def test_onnx_and_torch_agree(folder, glyphs, pair):
    onnx, torch_ = (load_classifier(folder / name).predict_proba(glyphs) for name in pair)
    np.testing.assert_allclose(onnx, torch_, atol=1e-4)


@pytest.mark.skipif("glyphs.onnx" not in INSTALLED, reason="no installed weights")
def test_installed_onnx_and_torch_agree():
    onnx, torch_ = (load_classifier(f"glyphs{suffix}") for suffix in (".onnx", ".safetensors"))
    assert onnx.metadata == torch_.metadata
    drawn = []
    for sign in onnx.charset:
        picture = Image.new("L", (60, 60), 255)
        ImageDraw.Draw(picture).text((10, 10), sign, fill=0, font=ImageFont.load_default(40))
        drawn.append(np.asarray(picture, dtype=np.float32) / 255)
    one, other = (model.predict_proba(glyph_stack(drawn)) for model in (onnx, torch_))
    assert np.abs(one - other).max() < 0.1  # the one computes in 8 bits
    assert (one.argmax(axis=1) == other.argmax(axis=1)).mean() > 0.95


def test_temperature_divides_the_logits():
    logits = np.array([[2.0, 0.0]], np.float32)
    np.testing.assert_allclose(softmax(logits, 2.0), softmax(logits / 2), atol=1e-7)
    np.testing.assert_allclose(softmax(np.array([[1e30, 0]], np.float32)), [[1, 0]])


def test_a_model_of_another_kind_is_refused(tmp_path):
    save_npz(tmp_path / "m.npz", {"x": np.ones(2)}, describe("language"))
    with pytest.raises(ModelError, match=r"m\.npz: a language model"):
        load_classifier(tmp_path / "m.npz")


def test_layers_must_fit_the_charset(tmp_path, folder):
    arrays = {"W1": np.zeros((1024, 4)), "b1": np.zeros(4)}
    save_npz(tmp_path / "m.npz", arrays, describe("mlp"))
    with pytest.raises(ModelError, match=r"m\.npz"):
        load_classifier(tmp_path / "m.npz")
    network = GlyphCnn(3, (4, 6, 8))
    save_safetensors(tmp_path / "m.safetensors", network, describe("cnn"))
    with pytest.raises(ModelError, match=r"m\.safetensors: .*not fit this network"):
        load_classifier(tmp_path / "m.safetensors")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process does not tell what it took")
def test_a_description_of_a_giant_takes_no_memory(tmp_path):
    import resource

    giant = {"name": "cnn", "arguments": {"classes": len(CHARSET), "widths": [4096] * 3}}
    path = tmp_path / "cnn.safetensors"
    small = GlyphCnn(len(CHARSET), (4, 6, 8))
    save_safetensors(path, small, describe("cnn", architecture=giant))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match="does not fit this network"):
        load_classifier(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1.5 * before  # not gibibytes more


@pytest.mark.parametrize("value", [1e300, np.inf, np.nan])
def test_weights_beyond_32_bits_are_refused(tmp_path, value):
    arrays = {"W1": np.full((1024, 5), value), "b1": np.zeros(5)}
    save_npz(tmp_path / "mlp.npz", arrays, describe("mlp"))
    with pytest.raises(ModelError, match="no numbers"):
        load_classifier(tmp_path / "mlp.npz")
