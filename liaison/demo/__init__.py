"""Ceremony, hand clock and scenarios: two countries played on one machine."""
