"""The desk: seals, opens, shows and answers; the only holder of opening keys."""
