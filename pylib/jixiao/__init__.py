"""jixiao: budget performance self-evaluation (预算绩效自评) for people who stay in Excel."""

__version__ = "0.1.0"
