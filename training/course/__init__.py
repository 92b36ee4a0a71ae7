"""The systems of a computer-vision course, each run and set beside the published figure.

``python -m training.course --out report`` runs them all and writes ``report/index.html``.
"""
