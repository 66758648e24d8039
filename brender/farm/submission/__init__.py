"""From a template and parameter values to a plan: how a job comes into being.

How does this work?  `planning.plan` is the one way in; the other modules here are its steps: `template`
reads the text, `checks` and openjd-model look at it, `parameters` settles the values, `ranges`, `chunks`
and `space` count the tasks without listing them, `sentences` and `problems` say what is wrong.
"""
