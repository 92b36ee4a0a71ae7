"""`ocr train`: from a person's own data to a model with its card and report."""
