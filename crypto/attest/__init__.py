"""The open half, which a broker may know: hash, sign, verify, encode, log."""
