"""HTTP itself: what a request may be, who asks, what it says, and how an answer leaves; nothing of farms."""
