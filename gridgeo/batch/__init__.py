"""Divide many communities at once: over processes, over a cluster, over several nights."""
