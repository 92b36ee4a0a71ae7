"""The networks themselves."""
