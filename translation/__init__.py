"""What text says. Translation methods come later; until then the method is "none"."""
