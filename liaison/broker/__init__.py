"""The broker: carries ciphertext, keeps time and keeps the ledger."""
