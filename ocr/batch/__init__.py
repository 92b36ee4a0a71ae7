"""Many files in one run, on this machine or on a cluster."""
