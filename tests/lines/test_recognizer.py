"""ocr.lines.recognizer: reading by a network whose answers are known."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from ocr.errors import ModelError
from ocr.lines.folding import SYMBOLS
from ocr.lines.language import NgramModel
from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.lines.recognizer import LineReader, LineText, ReadingConfig
from ocr.weights import METADATA_KEY, Metadata

CHARSET = (" ", "a", "b")


def bars(*starts, height=LINE_HEIGHT, width=300, thick=5):
    """A strip, or another piece of paper, with upright bars of ink on the baseline."""
    image = np.ones((height, width), dtype=np.float32)
    for x in starts:
        image[height // 8 : height - height // 8, x : x + thick] = 0.0
    return image


def write_reader(path, kind="lines", normalization=NORMALIZATION):
    """A network that says "a" where the mean of a frame is dark, else nothing or, if grey, "b"."""
    mean = np.full((1, 1, LINE_HEIGHT, 4), 1 / (4 * LINE_HEIGHT), np.float32)
    # Logits are linear in how light a frame is: nothing if white, "b" between, "a" if dark.
    slope = np.array([[40.0, 0.0, -40.0, 0.0]], np.float32)
    offset = np.array([-30.0, -90.0, 18.0, -1.0], np.float32)
    nodes = [
        helper.make_node(
            "Conv", ["strips", "mean"], ["m"], kernel_shape=[LINE_HEIGHT, 4], strides=[1, 4]
        ),
        helper.make_node("Squeeze", ["m", "axis"], ["s"]),
        helper.make_node("Transpose", ["s"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "slope"], ["p"]),
        helper.make_node("Add", ["p", "offset"], ["logits"]),
    ]
    constants = [
        numpy_helper.from_array(value, name)
        for name, value in (
            ("mean", mean), ("axis", np.array([2])), ("slope", slope), ("offset", offset)
        )
    ]  # fmt: skip
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "lines",
        [info("strips", TensorProto.FLOAT, ["N", 1, LINE_HEIGHT, "W"])],
        [info("logits", TensorProto.FLOAT, ["N", "T", 4])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    entry = model.metadata_props.add()
    entry.key = METADATA_KEY
    entry.value = Metadata("test", kind, {}, CHARSET, normalization, ()).to_json()
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def reader(tmp_path):
    return LineReader(write_reader(tmp_path / "test.onnx"))


class TestReading:
    def test_text_confidences_and_spans_belong_together(self, reader):
        (line,) = reader.read([bars(20, 100, 250, thick=10)])
        assert line.text.count("a") == 3
        assert len(line.text) == len(line.confidences) == len(line.spans)
        assert all(0 <= c <= 1 for c in line.confidences)

    def test_spans_are_in_pixels_of_the_strip(self, reader):
        (line,) = reader.read([bars(20, 100, 250, thick=10)])
        spans = [s for s, c in zip(line.spans, line.text, strict=True) if c == "a"]
        for (left, right), x in zip(spans, (20, 100, 250), strict=True):
            assert left < x + 5 < right
            assert right - left < 110
        edges = [edge for span in line.spans for edge in span]
        assert edges == sorted(edges)

    def test_letters_beside_a_wide_gap_do_not_reach_into_it(self, reader):
        logs = np.full((100, len(CHARSET) + 1), -9.0, np.float32)
        logs[:, 0] = -0.01
        a = CHARSET.index("a") + 1
        for frame in (2, 6, 80):
            logs[frame] = -9.0
            logs[frame, a] = -0.01
        (line,) = reader.decode([logs])
        assert line.text == "aaa"
        assert line.spans == ((0.0, 18.0), (18.0, 39.0), (309.0, 400.0))  # at most 13 from a middle

    def test_characters_border_halfway_between_where_they_were_read(self, reader):
        logs = np.full((100, len(CHARSET) + 1), -9.0, np.float32)
        logs[:, 0] = -0.01
        for frame in (2, 6, 80):
            logs[frame, [0, CHARSET.index("a") + 1]] = -9.0, -0.01
        assert reader.borders("aaa", logs).tolist() == [0, 18, 174, 400]
        with pytest.raises(ValueError, match="does not know '\u2603'"):
            reader.borders("a\u2603", logs)
        with pytest.raises(ValueError, match="does not fit"):
            reader.borders("aaa", logs[:2])

    def test_blank_lines_are_empty(self, reader):
        (line,) = reader.read([np.ones((LINE_HEIGHT, 200), np.float32)])
        assert line == LineText("")
        assert reader.read([]) == []

    def test_lines_do_not_depend_on_their_company(self, reader):
        images = [bars(20, 60), bars(20, 100, 250, thick=10), bars(5, width=40)]
        together = reader.read(images)
        assert together == [reader.read([image])[0] for image in images]

    def test_long_lines_are_tiled_without_loss(self, reader):
        starts = list(range(20, 2790, 60))
        (line,) = reader.read([bars(*starts, width=2820, thick=10)])
        assert line.text.count("a") == len(starts)


def test_language_never_overrules_sure_ink(tmp_path, reader):
    keys = np.arange(1, 64, dtype=np.int64)
    language = NgramModel(keys, np.full(63, -4.2, np.float32), np.zeros(63, np.float32), 1)
    helped = LineReader(tmp_path / "test.onnx", [language])
    images = [bars(20, 100, 250, thick=10), np.ones((LINE_HEIGHT, 200), np.float32)]
    for one, two in zip(helped.read(images), reader.read(images), strict=True):
        assert (one.text, one.spans) == (two.text, two.spans)


def test_language_makes_no_words_where_the_ink_shows_spaces_alone(tmp_path):
    write_reader(tmp_path / "test.onnx")
    reader = LineReader(tmp_path / "test.onnx", [uniform({"a": -0.1, " ": -9.0})])
    logs = np.full((30, len(CHARSET) + 1), -9.0, np.float32)
    logs[:, 0] = -0.01
    space, letter = CHARSET.index(" ") + 1, CHARSET.index("a") + 1
    logs[10:14, [0, space, letter]] = -3.0, -0.6, -0.9
    (line,) = reader.read_frames([logs])
    assert line.text == ""


class TestFiles:
    def test_other_kinds_are_refused(self, tmp_path):
        with pytest.raises(ModelError, match="line recognizer"):
            LineReader(write_reader(tmp_path / "a.onnx", kind="cnn"))
        with pytest.raises(ModelError, match="line recognizer"):
            LineReader(write_reader(tmp_path / "b.onnx", normalization="another"))

    def test_weights_to_train_on_from_are_told_from_damaged_ones(self, tmp_path):
        path = tmp_path / "a.safetensors"
        about = Metadata("lines", "lines", {}, CHARSET, NORMALIZATION, ())
        save_file({"a": np.zeros(2, np.float32)}, path, {METADATA_KEY: about.to_json()})
        with pytest.raises(ModelError, match=r"a\.safetensors: serves to train .* the \.onnx file"):
            LineReader(path)

    def test_missing_files_are_named(self):
        with pytest.raises(ModelError, match=r"no-such\.onnx"):
            LineReader("no-such.onnx")


def uniform(weights):
    """A unigram model in which some letters are likelier than others."""
    logs = np.full(len(SYMBOLS), -12.0, dtype=np.float32)
    for letter, log in weights.items():
        logs[SYMBOLS.index(letter)] = log
    keys = np.arange(1, len(SYMBOLS) + 1)
    return NgramModel(keys, logs, np.zeros(len(SYMBOLS), np.float32), order=2)


def test_the_language_of_the_lines_is_chosen_among_several(tmp_path):
    write_reader(tmp_path / "test.onnx")
    first, second = uniform({"b": -0.1, " ": -0.1}), uniform({"a": -0.1, " ": -0.1})
    reader = LineReader(tmp_path / "test.onnx", [first, second])
    logs = reader.log_probs([bars(20, 100, 180, 252, thick=12)])
    chosen = reader.choose_language(logs)
    assert chosen is not None and chosen.ngrams is second  # the network reads four a's
    assert reader.choose_language([]).ngrams is first  # in doubt
    assert LineReader(tmp_path / "test.onnx").choose_language(logs) is None


def test_a_pattern_decides_what_the_ink_leaves_open_and_no_more(tmp_path, monkeypatch):
    write_reader(tmp_path / "test.onnx")
    images = [bars(20, 100, 180, thick=10)]

    def read(pattern):
        return LineReader(tmp_path / "test.onnx", pattern=pattern).read(images)[0].text

    free = read(None)
    assert set(free) == {"a", "b"}  # grey frames at the edges of the bars are b's
    assert read("[ab]+") == free
    assert read("a+") == free  # clear ink stands
    monkeypatch.setattr("ocr.lines.recognizer.CONFIG", ReadingConfig(pattern_cost=40.0))
    assert set(read("a+")) == {"a"}
    assert read("[0-9]+") == free  # the ink leaves none
    with pytest.raises(ValueError, match="regular expression"):
        read("[")


def test_language_makes_likely_texts_surer(tmp_path):
    write_reader(tmp_path / "test.onnx")

    def read(name, log):
        model = uniform({"a": log, "b": log, " ": -0.1})
        model.name = name
        return LineReader(tmp_path / "test.onnx", [model]).read([bars(20, 100, 180, thick=10)])[0]

    likely, unlikely, nameless = read("english", -0.5), read("english", -2.0), read("", -2.0)
    assert likely.text == unlikely.text == nameless.text
    assert sum(likely.confidences) > sum(unlikely.confidences)
    alone = LineReader(tmp_path / "test.onnx").read([bars(20, 100, 180, thick=10)])[0]
    assert nameless.confidences == alone.confidences  # what knows no language tells nothing
