"""Serve gridgeo over HTTP: one request in, one call into gridgeo, one answer out."""
