"""training.synthesis.difficulties: the families of their fonts."""

from training.data.datasets import HELD_OUT_FONTS
from training.synthesis.difficulties import CAPITAL_FAMILIES, JOINED_FAMILIES, PRINT_FAMILIES


def test_families_are_named_once_and_hold_out_some_of_each_kind() -> None:
    for families in (PRINT_FAMILIES, JOINED_FAMILIES):
        assert len(set(families)) == len(families)
        assert 3 <= len(set(families) & set(HELD_OUT_FONTS)) < len(families) / 2
    assert not set(PRINT_FAMILIES) & set(JOINED_FAMILIES)
    assert set(CAPITAL_FAMILIES) < set(PRINT_FAMILIES)
