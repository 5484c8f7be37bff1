"""The command line: what an officer, an operator or a registrar types."""
