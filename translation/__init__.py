"""What text says: a view of it in the reader's language, made on the desk, never sent.

The original is the message. Exact layers come first (values, phrases), then a machine behind a
gate; what the gate refuses has no text to show. Everything here turns values into values but for
``models`` (files), ``engine`` and ``worker`` (one process) and ``translator``, which joins them.
"""
