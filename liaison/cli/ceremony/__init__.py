"""``liaison keys``: founding an agency and what its root says."""
