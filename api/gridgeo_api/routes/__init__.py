"""Hold the routes: each reads its request, asks gridgeo once, and writes the answer."""
