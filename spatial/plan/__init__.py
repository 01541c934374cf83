"""What a plan says: records, YAML reader, units, structure formula, styles and rule tables."""
