"""Draw plans: maps, tiles and reports that open without a network."""
