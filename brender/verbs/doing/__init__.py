"""What can be done: verbs, a module for those that belong together; `brender.verbs.known` has them all."""
