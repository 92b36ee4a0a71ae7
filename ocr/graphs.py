"""Look into `.onnx` files before anything runs them, without the package `onnx`.

A graph is a program. One from somebody else may loop for ever, read other files as its weights, or
call what an extension brings; ONNX Runtime does what it says. So only what networks are made of
passes: known operators, no graph inside another, every weight within the file and as large as told.

Protocol buffers are a row of (key, value) pairs: a varint key of field number and wire type, then a
varint, eight bytes, a length-prefixed string or four bytes. The numbers of fields are those of
onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 1 << 29  # of a file
MAX_NODES = 5000  # of a graph
MAX_SIDE = 1 << 16  # of kernels, strides, paddings and the like
# Attributes by which is divided, in which ONNX Runtime does not look for zeros.
POSITIVE = (b"strides", b"dilations", b"kernel_shape", b"group", b"num_outputs", b"hidden_size")

# Numbers of the fields of ONNX messages.
METADATA_PROPS, GRAPH, TRAINING, FUNCTIONS = 14, 7, 20, 25  # of ModelProto
NODE, INITIALIZER, SPARSE = 1, 5, 15  # of GraphProto
DECLARED = (11, 12, 13)  # of the same: what it takes and gives, and what lies between
# From ValueInfoProto to the number of a side: type, tensor, shape, dimension, value.
TO_A_SIDE = (2, 1, 2, 1, 1)
OPERATOR, ATTRIBUTE, DOMAIN = 4, 5, 7  # of NodeProto
NAME, ONE_INTEGER, GRAPH_INSIDE, INTEGERS, GRAPHS_INSIDE = 1, 3, 6, 8, 11  # of AttributeProto
SPARSE_INSIDE, SPARSES_INSIDE, TENSOR_INSIDE, TENSORS_INSIDE = 22, 23, 5, 10  # of the same
DIMS, TYPE, RAW, EXTERNAL, LOCATION = 1, 2, 9, 13, 14  # of TensorProto

# Protocol buffers: a number is a row of bytes of seven bits, all but its last marked; a field's key
# is its number and, in the last three bits, how its value is written.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
MORE, LOW_BITS = 0x80, 0x7F  # mark of a byte that is not the last, and mask of its bits
LAST_SHIFT = 63  # bits: numbers are of 64

# What networks are made of. Not here: control flow, and what makes much of little, such as Expand,
# Tile, Range, ConstantOfShape, EyeLike and random numbers.
OPERATORS = frozenset(
    (
        *("Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant"),
        *("Conv", "ConvInteger", "ConvTranspose", "DequantizeLinear", "Div"),
        *("DynamicQuantizeLinear", "Elu", "Erf", "Exp", "Flatten", "GRU", "Gather", "Gelu", "Gemm"),
        *("GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity"),
        *("InstanceNormalization", "LSTM", "LayerNormalization", "LeakyRelu", "Log", "LogSoftmax"),
        *(
            "MatMul",
            "MatMulInteger",
            "Max",
            "MaxPool",
            "Mean",
            "Min",
            "Mish",
            "Mul",
            "Neg",
            "PRelu",
        ),
        *("Pad", "Pow", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "Reciprocal"),
        *("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Reshape", "Resize", "Selu"),
        *("Shape", "Sigmoid", "Slice", "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub"),
        *("Sum", "Swish", "Tanh", "Transpose", "Unsqueeze", "Where"),
    )
)
CONTRIBUTED = frozenset(  # of ONNX Runtime itself: for weights of eight bits
    (
        *("DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "FusedConv", "FusedMatMul"),
        *("MatMulIntegerToFloat", "QLinearAdd", "QLinearConcat", "QLinearMul", "QLinearSigmoid"),
    )
)
# Bytes a value of TensorProto.DataType.
ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
# Where values stand that are not raw: field -> bytes a value at least, as varint or packed.
TYPED = {4: 4, 5: 1, 7: 1, 10: 8, 11: 1}


def read(path: Path) -> bytes:
    """The bytes of a model's file; ValueError if there are more than `MAX_BYTES`."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("too large")
    with path.open("rb") as stream:
        return stream.read()


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protocol buffer; ValueError if it is none."""
    position, end = 0, len(data)

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            if position >= end or shift > LAST_SHIFT:
                raise ValueError("not a protocol buffer")
            byte = data[position]
            position += 1
            value |= (byte & LOW_BITS) << shift
            if byte < MORE:
                return value
            shift += 7

    while position < end:
        key = varint()
        wire = key & 7
        if wire == VARINT:
            yield key >> 3, varint()
            continue
        if wire != BYTES and wire not in FIXED_BYTES:
            raise ValueError("not a protocol buffer")
        length = varint() if wire == BYTES else FIXED_BYTES[wire]
        if position + length > end:
            raise ValueError("truncated")
        yield key >> 3, data[position : position + length]
        position += length


def description(data: bytes, key: str) -> str | None:
    """An entry of a model's `metadata_props`, read without its graph; ValueError if damaged."""
    for number, value in fields(data):
        if number == METADATA_PROPS and isinstance(value, bytes):
            entry = dict(fields(value))
            if entry.get(1) == key.encode():
                text = entry.get(2, b"")
                return text.decode() if isinstance(text, bytes) else None
    return None


def check(data: bytes) -> None:
    """Check that a model is a plain network.

    Raises
    ------
    ValueError
        It is damaged, or does more than networks do; the message says what.
    """
    if len(data) > MAX_BYTES:
        raise ValueError("too large")
    graphs = 0
    for number, value in fields(data):
        if number in (TRAINING, FUNCTIONS):
            raise ValueError("it brings functions of its own")
        if number == GRAPH:
            graphs += 1
            _check_graph(_bytes(value))
    if graphs != 1:
        raise ValueError("it holds no graph")


def _check_graph(data: bytes) -> None:
    nodes = 0
    for number, value in fields(data):
        if number == NODE:
            nodes += 1
            _check_node(_bytes(value))
        elif number == INITIALIZER:
            _check_tensor(_bytes(value))
        elif number in DECLARED:
            _check_sides(_bytes(value))
        elif number == SPARSE:
            raise ValueError("it holds sparse weights")
    if not 0 < nodes <= MAX_NODES:
        raise ValueError(f"it has {nodes} nodes")


def _check_node(data: bytes) -> None:
    operator = domain = ""
    for number, value in fields(data):
        if number == OPERATOR:
            operator = _bytes(value).decode()
        elif number == DOMAIN:
            domain = _bytes(value).decode()
        elif number == ATTRIBUTE:
            _check_attribute(_bytes(value))
    known = {"": OPERATORS, "ai.onnx": OPERATORS, "com.microsoft": CONTRIBUTED}.get(domain, ())
    if operator not in known:
        raise ValueError(f"its operator {operator} is none that networks need")


def _check_sides(data: bytes, way: tuple[int, ...] = TO_A_SIDE) -> None:
    """That the sides which are declared of a tensor are some that pictures and weights have."""
    for number, value in fields(data):
        if number != way[0]:
            continue
        if len(way) > 1:
            _check_sides(_bytes(value), way[1:])
        elif not isinstance(value, int) or value > MAX_SIDE:
            raise ValueError("it declares a size out of all reason")


def _check_attribute(data: bytes) -> None:
    name = b""
    integers: list[int] = []
    for number, value in fields(data):
        if number in (GRAPH_INSIDE, GRAPHS_INSIDE, SPARSE_INSIDE, SPARSES_INSIDE):
            raise ValueError("it holds a graph inside another")
        if number in (TENSOR_INSIDE, TENSORS_INSIDE):
            _check_tensor(_bytes(value))
        if number == NAME:
            name = _bytes(value)
        if number in (ONE_INTEGER, INTEGERS):
            integers += [one - (one >> 63 << 64) for one in _integers(value)]
    if any(MAX_SIDE < abs(one) < (1 << 63) - MAX_SIDE for one in integers):
        raise ValueError("a number in it is out of all reason")
    if name in POSITIVE and min(integers, default=1) < 1:
        raise ValueError(f"its {name.decode()} are out of all reason")


def _check_tensor(data: bytes) -> None:
    dims: list[int] = []
    kind = raw = typed = 0
    for number, value in fields(data):
        if number == DIMS:
            dims += _integers(value)
        elif number == TYPE:
            kind = value if isinstance(value, int) else 0
        elif number == RAW:
            raw += len(_bytes(value))
        elif number in TYPED:
            typed += len(value) // TYPED[number] if isinstance(value, bytes) else 1
        elif number == EXTERNAL or (number == LOCATION and value):
            raise ValueError("its weights are in another file")
    if kind not in ITEM_BYTES:
        raise ValueError("its weights are no numbers")
    count = math.prod(dims)
    if raw != count * ITEM_BYTES[kind] if raw or not typed else typed < count:
        raise ValueError("its weights are not as large as it says")


def _integers(value: int | bytes) -> list[int]:
    """One number, or several that are packed."""
    if isinstance(value, int):
        return [value]
    found, number, shift = [], 0, 0
    for byte in value:
        number |= (byte & LOW_BITS) << shift
        shift += 7
        if byte < MORE:
            found.append(number)
            number = shift = 0
        elif shift > LAST_SHIFT:
            raise ValueError("not a protocol buffer")
    return found


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("not a protocol buffer")
    return value
