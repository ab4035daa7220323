"""How the storefront takes part in escrow."""

import enum


class Mode(enum.StrEnum):
    """`report`: it sells what its target allows and tells it. `reserve`: it asks before each sale."""

    REPORT = "report"
    RESERVE = "reserve"
