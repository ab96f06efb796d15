"""Read and write the world outside: files, OpenStreetMap, the store."""
