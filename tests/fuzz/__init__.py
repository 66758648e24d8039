"""Coverage-guided fuzzing of every parser that meets bytes from outside.

How does this work?  A `Target` is a function of bytes that raises nothing while the parser keeps its word: it reads, or
it refuses in the way that is documented.  `python -m tests.fuzz NAME` has atheris try millions of inputs on one, which
learns from what each of them reached; `make fuzz` does all.  `test_fuzz` runs each for a moment, by a fixed seed, and
`test_found` has every input that once broke something.  `stage` is the farm that the faces are tried on.
"""
