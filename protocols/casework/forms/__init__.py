"""The request forms, one file a type, and their registry."""
