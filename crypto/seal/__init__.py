"""The closed half, the desk's alone: keys, sealing and opening."""
