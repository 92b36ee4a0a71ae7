"""Some cases of the fuzz script, with seeds of their own."""

import importlib.util
import signal
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
assert SPEC
assert SPEC.loader
fuzz = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fuzz)

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")


@pytest.mark.parametrize(("target", "cases"), [("picture", 200), ("weights", 60), ("archive", 10)])
def test_mutated_files_are_read_or_refused(tmp_path, target, cases, monkeypatch):
    monkeypatch.setattr(fuzz, "MEMORY", 1 << 40)  # other tests have taken theirs
    ends = {seed: fuzz.run(seed, tmp_path, target) for seed in range(cases)}
    assert {seed: end for seed, end in ends.items() if end[1].startswith("FAULT")} == {}
    assert {end for _, end in ends.values()} == {"read", "refused"}
