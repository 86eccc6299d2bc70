"""How many programs Hypothesis tries: the same few by default, `DUALTAPE_PROGRAMS=5000` tries that many new ones."""

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("DUALTAPE_PROGRAMS")

# Without the variable a red run is the change's doing.
for _profile, _short in {"programs": 150, "expressions": 75}.items():
    settings.register_profile(
        _profile,
        deadline=None,
        max_examples=int(LONG or _short),
        derandomize=LONG is None,
        print_blob=LONG is not None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
