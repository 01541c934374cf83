"""Travel: networks of roads, shortest times over them, and what is within reach."""
