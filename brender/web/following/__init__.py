"""Events as they happen: who follows them, what they are told, and the two ways in which it reaches them."""
