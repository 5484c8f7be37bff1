"""Disclosure: one message shown to somebody who is no party, and checked without us."""
