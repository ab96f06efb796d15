"""Hold the words that every room shares: tables, levels, profiles, plans, coordinates and errors."""
