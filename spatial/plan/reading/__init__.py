"""Reading a plan: its text, quantities and formulas, names that lead somewhere, every fault at once."""
