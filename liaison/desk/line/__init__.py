"""The desk's line: what goes to the broker, what of it is followed, and what is seen there."""
