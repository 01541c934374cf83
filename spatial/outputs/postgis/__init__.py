"""The shared database: plans published to PostgreSQL with PostGIS, versions, roles, opinions, audit."""
