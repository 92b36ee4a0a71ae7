"""ocr.arrays: what a file says of its arrays is checked before memory is taken for them."""

import io
import json
import struct
import zipfile

import numpy as np
import pytest

from ocr.arrays import read_npz, safetensors_header


def test_what_numpy_writes_is_read(tmp_path):
    made = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "text": np.array("words"),
        "none": np.empty((0, 3)),
    }
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "a.npz", **made)
        found = read_npz(tmp_path / "a.npz")
        assert found.keys() == made.keys()
        for name, array in made.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == array.dtype
    assert list(read_npz(tmp_path / "a.npz", lambda name: name == "b")) == ["b"]


def npy(descr: str, shape: tuple[int, ...], data: bytes = b"") -> bytes:
    stream = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + data


@pytest.mark.parametrize(
    "content",
    [
        npy("<f4", (1 << 40, 1 << 20)),
        npy("<f4", (3,), b"1234"),
        npy("|O", (1,), b"cos\nsystem\n."),
        b"\x93NUMPY\x01\x00\x10\x00{(((((((((((((((",
        b"",
        b"x" * 100,
    ],
)
def test_damaged_arrays(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", content)
    with pytest.raises(ValueError, match=r".+"):
        read_npz(tmp_path / "a.npz")


def test_damaged_archives(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).random(1000))
    whole = path.read_bytes()
    at = whole.index(b"PK\x01\x02")
    changed = {
        "encrypted": whole[: at + 8] + b"\1" + whole[at + 9 :],
        "method": whole[: at + 10] + b"\x63" + whole[at + 11 :],
        "size": whole[: at + 24] + b"\xff\xff\xff\x7f" + whole[at + 28 :],
        "content": whole[:200] + bytes([whole[200] ^ 255]) + whole[201:],
        "cut": whole[:300],
    }
    for content in changed.values():
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r".+"):
            read_npz(path)


def test_all_arrays_together_have_a_limit(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", **{f"a{k}": np.zeros(1000) for k in range(9)})
    with pytest.raises(ValueError, match="too large"):
        read_npz(tmp_path / "a.npz", limit=9 * 8000)


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]}}, 8),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 9),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, 12),
        ({"a": {"dtype": "X", "shape": [2], "data_offsets": [0, 8]}}, 8),
        ({"a": {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]}}, 8),
        ({"a": 3}, 0),
        ([1], 0),
    ],
)
def test_damaged_headers_of_tensors(tmp_path, header, data):
    text = json.dumps(header).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * data)
    with pytest.raises(ValueError, match=r".+"):
        safetensors_header(path)
    path.write_bytes(struct.pack("<Q", 1 << 60) + text)
    with pytest.raises(ValueError, match="longer than the file"):
        safetensors_header(path)
