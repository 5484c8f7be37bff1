"""What comes in: opened, checked, kept, acknowledged; and what is asked or told about it."""
