"""training.synthesis.paper: where its lines are."""

import numpy as np

from training.synthesis.paper import Paper
from training.synthesis.sheet import Sheet


def test_paper_says_where_its_lines_are() -> None:
    assert Paper(pitch=50).baselines(400).size == 0
    paper = Paper((1.0, 1.0, 1.0), "ruled", 50, texture=0)
    rows = paper.baselines(400)
    dark = Sheet((400, 60), paper, np.random.default_rng(0)).reflectance()[:, 30, 0] < 0.93
    assert dark[(rows - 0.5).astype(int)].all()
    assert dark.sum() < 3 * len(rows)
