"""What bytes mean. Sans-IO."""
