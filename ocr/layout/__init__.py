"""From a grey page to its text lines: light, page network, tracing, reading order, strips."""
