"""brender: a render farm in one Twisted application."""

__version__ = "2.0.0"
