"""The desk's keys and those of others: its windows, its computers, the directory and contacts."""
