import json
import zipfile

import numpy as np
import pytest
import torch

import ocr.weights
from ocr import __version__
from ocr.errors import ExitCode, ModelError
from ocr.letters.classifiers import load_classifier
from ocr.letters.classifiers.cnn import GlyphCnn
from ocr.weights import (
    CHECKSUMS,
    FORMAT_VERSION,
    METADATA_KEY,
    Metadata,
    checksum_state,
    find_language,
    find_weights,
    installed,
    parse_metadata,
    read_metadata,
    sha256,
    verify,
)
from training.networks.onnx_graph import glyph_graph
from training.recipes.weight_files import save_npz, save_onnx, save_safetensors, update_checksums

SUFFIXES = (".npz", ".safetensors", ".onnx")


def describe(suffix, **changes):
    kind = "mlp" if suffix == ".npz" else "cnn"
    values = {
        "name": "tiny",
        "kind": kind,
        "architecture": {"name": kind, "arguments": {"classes": 3, "widths": [2, 2, 2]}},
        "charset": ("a", "b", "ß"),
        "normalization": "test",
        "data": ({"name": "x", "licence": "y", "source": "z"},),
    }
    return Metadata(**{**values, **changes})


def write(path, metadata=None):
    """A small whole weight file of the suffix's kind."""
    metadata = metadata or describe(path.suffix)
    if path.suffix == ".npz":
        save_npz(path, {"W1": np.zeros((1024, 3)), "b1": np.zeros(3)}, metadata)
        return path
    network = GlyphCnn(3, (2, 2, 2))
    if path.suffix == ".safetensors":
        save_safetensors(path, network, metadata)
    else:
        save_onnx(path, glyph_graph(network), metadata)
    return path


def write_foreign(path):
    """A whole file of the format that is none of ours."""
    if path.suffix == ".npz":
        np.savez(path, x=np.zeros(3))
    elif path.suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({"x": torch.zeros(3)}, str(path))
    else:
        import onnx

        model = write(path.with_name("own.onnx"))
        graph = onnx.load(str(model))
        del graph.metadata_props[:]
        path.write_bytes(graph.SerializeToString())


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    return tmp_path / f"m{request.param}"


def test_a_whole_file_tells_what_it_is(path):
    assert read_metadata(write(path)) == describe(path.suffix)
    assert load_classifier(path).charset == ("a", "b", "ß")


def test_missing(path):
    for call in (find_weights, load_classifier, lambda name: read_metadata(path)):
        with pytest.raises(ModelError, match="no such") as caught:
            call(str(path))
        assert path.name in str(caught.value)
        assert caught.value.exit_code == ExitCode.MODEL


@pytest.mark.parametrize("kept", [0, 4, 0.2, 0.5, 0.9, 0.99])
def test_truncated(path, kept):
    whole = write(path).read_bytes()
    path.write_bytes(whole[: int(kept if kept >= 1 else kept * len(whole))])
    with pytest.raises(ModelError) as caught:
        load_classifier(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert caught.value.exit_code == ExitCode.MODEL


def test_foreign(path):
    write_foreign(path)
    with pytest.raises(ModelError, match="not a weight file of ocr"):
        load_classifier(path)


@pytest.mark.parametrize("content", [b"hello\n" * 400, b"\x00" * 999, b"\xff" * 999])
def test_something_else_under_our_suffix(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_classifier(path)
    assert str(path) in str(caught.value)


def test_a_folder_under_our_suffix(path):
    path.mkdir()
    with pytest.raises(ModelError):
        load_classifier(path)


def test_another_suffix(tmp_path):
    (tmp_path / "m.pt").write_bytes(b"x")
    for what in (lambda path: find_weights(str(path)), read_metadata):
        with pytest.raises(ModelError, match=r"m\.pt: not a weight file \(\.npz, "):
            what(tmp_path / "m.pt")


def test_newer_ocr(path):
    write(path, describe(path.suffix, min_ocr="99.1"))
    with pytest.raises(ModelError, match=f"needs ocr 99.1 or newer, this is {__version__}"):
        load_classifier(path)


def test_newer_format(path, monkeypatch):
    monkeypatch.setattr(ocr.weights, "FORMAT_VERSION", FORMAT_VERSION + 1)
    write(path)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="newer version of ocr"):
        load_classifier(path)


def test_no_pickle_is_ever_read(tmp_path):
    path = tmp_path / "m.npz"
    text = np.array(describe(".npz").to_json())
    np.savez(path, metadata=text, W1=np.array([object()], dtype=object), b1=np.zeros(3))
    with pytest.raises(ModelError):
        load_classifier(path)
    np.savez(path, metadata=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError):
        load_classifier(path)


def test_description_is_checked_before_any_tensor(tmp_path):
    path = write(tmp_path / "m.npz")
    with zipfile.ZipFile(path) as archive:
        names = {name: archive.read(name) for name in archive.namelist()}
    names["W1.npy"] = b"rubbish"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    assert read_metadata(path).name == "tiny"
    with pytest.raises(ModelError, match=r"m\.npz"):
        load_classifier(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '"ocr-weights"',
        "{}",
        json.dumps({"format": "other", "format_version": 1}),
        json.dumps({"format": "ocr-weights"}),
        json.dumps({"format": "ocr-weights", "format_version": "1"}),
        json.dumps({"format": "ocr-weights", "format_version": 1, "name": "x"}),
    ],
)
def test_a_wrong_description_is_refused(text):
    with pytest.raises(ModelError, match="somewhere"):
        parse_metadata(text, "somewhere")


def test_a_description_with_more_than_we_know_is_read():
    text = describe(".npz").to_json()
    more = json.dumps({**json.loads(text), "later": 1})
    assert parse_metadata(more, "somewhere") == describe(".npz")


def test_a_safetensors_header_cannot_ask_for_more_than_the_file(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelError, match="damaged"):
        read_metadata(path)
    header = {
        "__metadata__": {METADATA_KEY: describe(".safetensors").to_json()},
        "x": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]},
    }
    raw = json.dumps(header).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + b"\0" * 8)
    with pytest.raises(ModelError, match="damaged"):
        read_metadata(path)


def test_checksums(tmp_path):
    path = write(tmp_path / "m.npz")
    assert checksum_state(path) == "unlisted"
    verify(path)
    update_checksums(tmp_path, "m.npz")
    assert (tmp_path / CHECKSUMS).read_text() == f"{sha256(path)}  m.npz\n"
    assert checksum_state(path) == "ok"
    load_classifier(path)
    write(path, describe(".npz", name="other"))
    assert checksum_state(path) == "changed"
    with pytest.raises(ModelError, match="SHA-256"):
        load_classifier(path)


def test_find_weights_by_name_and_path(tmp_path, monkeypatch):
    monkeypatch.setattr(ocr.weights, "models_dir", lambda: tmp_path)
    path = write(tmp_path / "mine.npz")
    assert find_weights("mine") == find_weights("mine.npz") == find_weights(str(path)) == path
    with pytest.raises(ModelError, match=r"one of: mine\.npz"):
        find_weights("yours")
    assert installed() == [path]


@pytest.mark.parametrize("path", installed(), ids=lambda path: path.name)
def test_installed_files_are_whole_and_described(path):
    assert checksum_state(path) == "ok"
    metadata = read_metadata(path)
    assert metadata.name == path.stem
    assert metadata.date
    assert metadata.command
    assert metadata.figures
    assert all({"name", "licence", "source"} <= entry.keys() for entry in metadata.data)
    assert path.with_suffix(".md").is_file()


def test_a_folder_of_ocr_train_stands_for_its_model(tmp_path):
    folder = tmp_path / "my-model"
    folder.mkdir()
    with pytest.raises(ModelError, match="holds no weight file"):
        find_weights(str(folder))
    (folder / "my-model.safetensors").touch()
    assert find_weights(str(folder)).suffix == ".safetensors"
    (folder / "my-model.onnx").touch()
    assert find_weights(str(folder)).name == "my-model.onnx"
    (folder / "other.onnx").touch()
    with pytest.raises(ModelError, match="several models"):
        find_weights(str(folder))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 3),
        ("kind", ["cnn"]),
        ("architecture", "cnn"),
        ("charset", "abc"),
        ("charset", []),
        ("charset", ["a", "a"]),
        ("charset", ["a", 3]),
        ("charset", ["a" * 1000]),
        ("temperature", 0),
        ("temperature", "1"),
        ("temperature", float("nan")),
        ("temperature", 10**400),
        ("temperature", True),
        ("epochs", -(10**400)),
        ("min_ocr", "9" * 5000),
        ("min_ocr", 5),
        ("seed", 10**4000),
        ("data", [["x"]]),
        ("data", [{"name": 3}]),
        ("figures", {"CER": "low"}),
        ("seed", "x"),
        ("training", []),
    ],
)
def test_each_value_of_a_description_is_checked(key, value):
    about = {**json.loads(describe(".onnx").to_json()), key: value}
    with pytest.raises(ModelError, match=f"^m: its description tells no usable {key}"):
        parse_metadata(json.dumps(about), "m")


def test_a_description_nested_without_end():
    with pytest.raises(ModelError, match="damaged description"):
        parse_metadata("[" * 100_000, "m")


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        {"classes": 3},
        {"classes": 4, "widths": [2, 2, 2]},
        {"classes": 3, "widths": [2, 2, 10**9]},
        {"classes": 3, "widths": [2, 2]},
        {"classes": 3, "widths": [2, 2, 2], "dropout": "x"},
        {"classes": 3, "widths": [2, 2, 2], "device": "cuda"},
    ],
)
def test_an_architecture_is_checked_before_it_is_built(tmp_path, arguments):
    about = describe(".safetensors", architecture={"name": "cnn", "arguments": arguments})
    with pytest.raises(ModelError, match="tells no usable architecture"):
        load_classifier(write(tmp_path / "m.safetensors", about))


def test_weights_that_are_no_numbers(tmp_path):
    path = tmp_path / "m.npz"
    save_npz(path, {"W1": np.full((1024, 3), np.nan), "b1": np.zeros(3)}, describe(".npz"))
    with pytest.raises(ModelError, match="no numbers"):
        load_classifier(path)


def test_a_file_of_the_working_folder_does_not_stand_for_an_installed_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in installed():
        (tmp_path / path.name).write_bytes(b"")
        assert find_weights(path.name) == path
        assert find_weights(f"./{path.name}").read_bytes() == b""


def test_an_empty_name_is_not_the_working_folder(tmp_path, monkeypatch):
    """As of a variable of the shell that is not set."""
    (tmp_path / "own.npz").touch()
    monkeypatch.chdir(tmp_path)
    for find, kind in ((find_weights, "model"), (find_language, "language")):
        with pytest.raises(ModelError, match=f"'': no such {kind}"):
            find("")
