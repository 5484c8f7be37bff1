"""The agent's API on loopback: what the command line, the demo and the screens call."""
