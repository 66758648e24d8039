"""A farm in virtual time: the real rules, with simulated workers and users instead of real ones."""
