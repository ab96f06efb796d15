"""Make the demonstration town: the same tables every time from the same seed, at any size."""
