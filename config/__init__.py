"""Names and choices as dated data: settings, corridors, the catalogue's files."""
