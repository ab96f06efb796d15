"""Plan areas: tables in, tables out; no files, no clock, no network."""
