"""Measures brender against what it stands on, side by side: `make bench`.

How does this work?  Each module measures one thing and gives `Figure`s.  A figure that is a ratio runs
brender and its peer alternately, five times each in one run, and divides the medians: machines are
shared and noisy, and both sides then meet the same noise.  Nothing here decides a test.
"""
