"""The numbers that an argument takes, said once: in its hint, for those who describe it, and in its check."""

from __future__ import annotations

from math import inf
from typing import Annotated, NamedTuple

__all__ = ["AT_LEAST_ONE", "COUNT", "DURATION", "AtLeastOne", "Count", "Duration", "Numbers"]


class Numbers(NamedTuple):
    """The numbers from one to another, both included; in a hint, ``Annotated[float, Numbers(0, 1)]``.

    above: whether the least is not one of them. whole: whether only those of type int are. True, infinity and NaN are
    none.

    >>> 0.5 in Numbers(0, 1), 0 in Numbers(0, above=True), 2.0 in Numbers(whole=True), True in Numbers()
    (True, False, False, False)
    >>> str(Numbers(0, 1)), str(Numbers(1, whole=True))
    ('a number from 0 to 1', 'a whole number, 1 or more')
    """

    least: float = -inf
    most: float = inf
    above: bool = False
    whole: bool = False

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int if self.whole else int | float) or isinstance(value, bool):
            return False
        return self.least <= value <= self.most and abs(value) < inf and not (self.above and value == self.least)

    def __str__(self) -> str:
        number = "a whole number" if self.whole else "a number"
        match self.least > -inf, self.most < inf:
            case True, True:
                return f"{number} from {self.least} to {self.most}"
            case True, False:
                return f"{number} above {self.least}" if self.above else f"{number}, {self.least} or more"
            case False, True:
                return f"{number}, {self.most} or less"
        return number


COUNT = Numbers(0, whole=True)
"""How many of something."""

Count = Annotated[int, COUNT]

AT_LEAST_ONE = Numbers(1, whole=True)

AtLeastOne = Annotated[int, AT_LEAST_ONE]

DURATION = Numbers(0)
"""How long something takes, in the unit that its name says; seconds where it says none."""

Duration = Annotated[float, DURATION]
