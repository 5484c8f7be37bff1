"""What passes between a desk and the broker; the broker may know all of it."""
