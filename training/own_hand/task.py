"""What a learner of `ocr train` is given."""

from __future__ import annotations

from dataclasses import dataclass

from training.own_hand.replay import Base
from training.own_hand.samples import Samples
from training.own_hand.settings import Recipe
from training.recipes.descent import Optimization

TOLERATED = 0.005  # of base accuracy or CER that a gain on the own data may cost
FORGETTING = 8.0  # nats in the score for what is lost beyond that
WORSE = 8.0  # nats in the score for what is lost on the own data
PULL = 0.003  # see `training.recipes.descent.Optimization`; for networks that are trained already


@dataclass(frozen=True)
class Task:
    """Own samples to learn from and to choose by, base samples if a model goes on, and how."""

    own: Samples
    valid: Samples
    base: Base | None
    recipe: Recipe


def score(
    now: dict[str, float], start: dict[str, float], sign: float, tolerated: float = TOLERATED
) -> float:
    """The score by which the best epoch is chosen, the higher the better.

    It is the negative loss on the own samples held back, which tells more of few samples than a
    number of errors does, minus penalties for what was lost since the start.

    Parameters
    ----------
    now, start : dict of str to float
        "valid loss", and "valid" and "base" of samples held back; `start` is empty from scratch.
    sign : float
        1 if these are accuracies, -1 if they are error rates.
    tolerated : float
        Of base accuracy or error rate that may be lost.
    """
    lost = {key: sign * (start[key] - now[key]) for key in ("valid", "base") if key in start}
    worse = WORSE * max(0.0, lost.get("valid", 0.0))
    forgotten = FORGETTING * max(0.0, lost.get("base", 0.0) - tolerated)
    return -now["valid loss"] - worse - forgotten


def optimization(
    task: Task, clip: float = 1.0, betas: tuple[float, float] = (0.9, 0.999)
) -> Optimization:
    """Settings to go on from a model, with a pull back to it, or to train from scratch."""
    going_on = task.recipe.going_on
    return Optimization(
        task.recipe.rate,
        decay=0.0 if going_on else 0.01,
        clip=clip,
        betas=betas,
        pull=PULL if going_on else 0.0,
        keep_statistics=going_on,
    )
