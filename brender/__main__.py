"""`python -m brender` is the command `brender`."""

from brender.cli import main

main(prog_name="brender")
