"""training.own_hand.samples: how they are split, and what tells other ones."""

import numpy as np
from own_fakes import make

from training.own_hand.samples import join, split


def test_the_split_is_by_writer_where_the_data_tells():
    samples = make(["a"] * 100, [f"w{k % 10}" for k in range(100)])
    found = split(samples, "glyphs", 0)
    assert found.by == "writer or page"
    groups = np.array(samples.groups)
    assert not set(groups[found.train]) & set(groups[found.test])
    assert 0.1 <= len(found.test) / 100 <= 0.3
    assert set(found.held) == set(groups[found.test])


def test_the_split_is_the_datas_where_it_has_all_three_parts():
    found = split(make("abcdefgh", splits=["train", "", "valid", "test"] * 2), "glyphs", 0)
    parts = [found.train.tolist(), found.valid.tolist(), found.test.tolist()]
    assert parts == [[0, 1, 4, 5], [2, 6], [3, 7]]
    assert found.by == "the data" and not found.shared


def test_the_split_is_fixed_by_its_seed_and_complete():
    samples = make(["a", "b"] * 50)
    one, same, other = (split(samples, "glyphs", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.test, same.test)
    assert not np.array_equal(one.test, other.test)
    assert sorted([*one.train, *one.test]) == list(range(100))
    assert one.shared
    assert one.by == "sample"


def test_much_data_is_split_in_three():
    found = split(make(["a"] * 4000), "glyphs", 0)
    assert not found.shared
    assert (len(found.train), len(found.valid), len(found.test)) == (3200, 400, 400)
    assert not set(found.valid) & set(found.test)


def test_the_hash_tells_other_data():
    one, two = make(["a", "b"]), make(["a", "c"])
    assert one.digest() == make(["a", "b"]).digest() != two.digest()
    assert join([one, two]).digest() != one.digest()
