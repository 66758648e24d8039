"""Tests of `brender.planner`: real processes."""
