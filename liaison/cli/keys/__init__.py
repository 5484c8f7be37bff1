"""``liaison keys``: trial, enrolment, comparison, standing, revocation, succession."""
