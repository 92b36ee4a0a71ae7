"""training.data.shards: lines come back as they were."""

import numpy as np

from training.data.shards import read_shard, write_shard


def test_shards_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    written = [
        (rng.integers(0, 255, (40, w)).astype(np.uint8), t) for w, t in ((9, "é!"), (30, "b c"))
    ]
    write_shard(tmp_path / "a.npz", written)
    read = read_shard(tmp_path / "a.npz")
    assert [text for _, text in read] == ["é!", "b c"]
    assert all(np.array_equal(a, b) for (a, _), (b, _) in zip(read, written, strict=True))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
