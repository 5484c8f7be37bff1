"""The auditor: checks a whole ledger alone, with nothing but the pinned roots to go by."""
