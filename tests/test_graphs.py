"""ocr.graphs and what `ocr.weights` makes of it: only plain networks are run."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ocr import graphs
from ocr.errors import ModelError
from ocr.letters.classifiers import load_classifier
from ocr.session import Session
from ocr.weights import METADATA_KEY, Metadata, models_dir

CHARSET = ("a", "b", "c")


def model(nodes, weights=(), outputs=("N", 3), taken=("N", 1, 32, 32), charset=CHARSET):
    about = Metadata("x", "cnn", {}, charset, "", ())
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "g",
            [helper.make_tensor_value_info("glyphs", TensorProto.FLOAT, taken)],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, outputs)],
            weights,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    helper.set_model_props(made, {METADATA_KEY: about.to_json()})
    return made


def weights(*shape: int, value: float = 0.1) -> onnx.TensorProto:
    return numpy_helper.from_array(np.full(shape, value, np.float32), "w")


def network(value: float = 0.1, **options) -> onnx.ModelProto:
    flat = helper.make_node("Flatten", ["glyphs"], ["flat"])
    last = helper.make_node("MatMul", ["flat", "w"], ["logits"])
    return model([flat, last], [weights(1024, 3, value=value)], **options)


def written(path, made):
    path.write_bytes(made.SerializeToString())
    return path


def test_the_installed_networks_are_plain():
    for path in models_dir().glob("*.onnx"):
        graphs.check(path.read_bytes())


def test_a_plain_network_is_run(tmp_path):
    found = load_classifier(written(tmp_path / "m.onnx", network()))
    assert found.predict_proba(np.ones((2, 32, 32), np.float32)).shape == (2, 3)


def loop():
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["x"], ["y"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        ],
    )
    always = helper.make_node("Constant", [], ["go"], value=numpy_helper.from_array(np.array(True)))
    return model([always, helper.make_node("Loop", ["", "go", "glyphs"], ["logits"], body=body)])


def external():
    made = network()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return made


def larger():
    made = network()
    made.graph.initializer[0].dims[0] = 1 << 40
    return made


def of_another_domain():
    made = network()
    made.graph.node[1].domain = "evil.example"
    return made


def with_functions():
    made = network()
    made.functions.add(name="f", domain="local")
    return made


def reaching_far():
    node = helper.make_node("Conv", ["glyphs", "w"], ["logits"], pads=[1 << 40, 0, 0, 0])
    return model([node], [weights(1, 1, 3, 3)])


def without_steps():
    node = helper.make_node("Conv", ["glyphs", "w"], ["logits"], strides=[0, 0])
    return model([node], [weights(1, 1, 3, 3)])


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (loop, "its operator Loop|a graph inside another"),
        (external, "its weights are in another file"),
        (larger, "not as large as it says"),
        (of_another_domain, "its operator MatMul is none"),
        (with_functions, "brings functions of its own"),
        (reaching_far, "out of all reason"),
        (without_steps, "its strides are out of all reason"),
        (lambda: network(taken=("N", 1, 1 << 62, 32)), "declares a size out of all reason"),
        (lambda: network(outputs=("N", -3)), "declares a size out of all reason"),
        (lambda: model([helper.make_node("Expand", ["glyphs", "w"], ["logits"])]), "Expand"),
        (lambda: network(charset=tuple("abcd")), "tells 3 characters apart and names 4"),
        (lambda: network(taken=("N", 1024)), "something else than pictures"),
    ],
)
def test_what_is_no_plain_network_is_refused_before_it_runs(tmp_path, made, reason):
    path = written(tmp_path / "m.onnx", made())
    with pytest.raises(ModelError, match=reason) as error:
        load_classifier(path)
    assert str(error.value).startswith(f"{path}: damaged or unusable weight file (")
    assert "\n" not in str(error.value)


def test_a_network_that_makes_much_of_little_gets_no_more_memory(tmp_path):
    nodes = [
        helper.make_node("Gather", ["glyphs", "w"], ["much"], axis=2),
        helper.make_node("ReduceMean", ["much"], ["one"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["one", "classes"], ["logits"]),
    ]
    places = numpy_helper.from_array(np.zeros(1_000_000, np.int64), "w")
    classes = numpy_helper.from_array(np.ones((1, 3), np.float32), "classes")
    path = written(tmp_path / "m.onnx", model(nodes, [places, classes]))
    with pytest.raises(ModelError, match="more than 512 MiB of memory"):
        load_classifier(path).predict_proba(np.ones((16, 32, 32), np.float32))


def test_what_a_network_gives_is_what_it_declares(tmp_path):
    other = model([helper.make_node("Identity", ["glyphs"], ["logits"])], outputs=("N", 3))
    path = written(tmp_path / "m.onnx", other)
    with pytest.raises(ModelError, match=r"m\.onnx"):
        load_classifier(path).predict_proba(np.ones((2, 32, 32), np.float32))
    path = written(tmp_path / "m.onnx", network(value=np.nan))
    with pytest.raises(ModelError, match="gives no numbers"):
        load_classifier(path).predict_proba(np.ones((2, 32, 32), np.float32))


def test_flipped_bits_never_pass_as_something_else(tmp_path):
    whole = network().SerializeToString()
    rng = np.random.default_rng(0)
    path = tmp_path / "m.onnx"
    for at in rng.integers(0, len(whole) - 12288, 200):  # not in the weights, most of it
        broken = bytearray(whole)
        broken[int(at)] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            found = load_classifier(path).predict_proba(np.ones((2, 32, 32), np.float32))
            assert found.shape[0] == 2
        except ModelError:
            pass


def test_a_session_reads_no_model_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glyphs.onnx").write_bytes(b"evil")
    installed = load_classifier("glyphs.onnx")
    with pytest.raises(ModelError):
        Session(tmp_path / "glyphs.onnx", installed.metadata)
