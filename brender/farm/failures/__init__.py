"""When it goes wrong: what a failed task means, whether it is tried again, and what people are told."""
