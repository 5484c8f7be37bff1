"""What was kept: copied and restored, read by supervisors, made unreadable."""
