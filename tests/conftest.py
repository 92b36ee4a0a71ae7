"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# A busy machine is not a defect: speed is measured by the benchmarks.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
