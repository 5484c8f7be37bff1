"""``liaison desk``: an officer's work at a desk."""
