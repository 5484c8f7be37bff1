"""The witness: cosigns checkpoints it has checked against the ones before."""
