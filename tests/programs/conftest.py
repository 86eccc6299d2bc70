"""How long Hypothesis looks: a short run by default, `--hypothesis-profile=fuzz` for a long one."""

from hypothesis import HealthCheck, settings

QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

# The same programs each time, so that a red run is the change's doing; `fuzz` draws new ones.
settings.register_profile("programs", deadline=None, max_examples=60, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("fuzz", deadline=None, max_examples=5000, suppress_health_check=QUIET, print_blob=True)
