"""Checks that no expression can say, by the name that a rule uses for them.

`tables` looks at cells, `texts` at what is written in reports and long cells. Both sign their checks into one register.
"""

from jixiao.predicates import tables, texts
from jixiao.predicates.registry import PREDICATES, Predicate, Suspect

__all__ = ["PREDICATES", "Predicate", "Suspect", "tables", "texts"]
