"""Long lists: which things, in which order, and where a page of them begins and ends."""
