"""Hold one module for each step from schema to schema."""
