"""What holds of bytes: hashes, signatures, seals. Sans-IO."""
