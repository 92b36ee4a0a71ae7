"""How the weights are made: data sets, networks and one recipe a file.

This package imports `ocr`, never the other way round.
"""
