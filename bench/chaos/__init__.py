"""A fault injector: a real farm on this machine, and everything that can go wrong with it: `make chaos`.

How does this work?  `plan` draws a list of faults from a seed.  `world` starts a server and workers, puts a `proxy`
into every connection, and lets `people` submit and cancel jobs while `faults` happen.  What is true is counted from
outside: tasks write to a file that the farm does not know, proxies note what was said on the wire, the JSON
interface tells what the farm believes; `ledger` compares the three, and `leftovers` looks for what was not cleaned up.
"""
