"""The suite mirrors brender/. Every test runs under pytest and under trial: see conftest.py and test_runners.py."""

import os

from hypothesis import settings

# A busy machine is no failure; and CI judges a change by the same examples as the run before it.
settings.register_profile("brender", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("brender")
