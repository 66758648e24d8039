"""Who renders what, where and when: the order of work, what fits which machine, and why something waits."""
