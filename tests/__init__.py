"""The suite mirrors brender/. Every test runs under pytest and under trial: see conftest.py and test_runners.py."""

from hypothesis import settings

settings.register_profile("brender", deadline=None)  # a busy machine is no failure
settings.load_profile("brender")
