"""Files that go with a case: looked into, sealed, kept as ciphertext, carried beside the mail."""
