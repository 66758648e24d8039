"""What there is to look at and to change, a kind of thing a module; `known.ITEMS` has them all."""
