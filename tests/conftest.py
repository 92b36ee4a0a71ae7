"""Settings of all tests."""

from hypothesis import settings

# A busy machine is not a defect: speed is measured by the benchmarks.
settings.register_profile("untimed")
settings.load_profile("untimed")
