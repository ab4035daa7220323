"""The value types that events are made of."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)


def _to_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("in UTC it is before the year 1 or after the year 9999") from None


def _no_float(amount: object) -> object:
    if isinstance(amount, float):
        raise ValueError("write a decimal number as a string, not as a binary float")  # noqa: TRY004 - pydantic reports only ValueError
    return amount


def _decimal_text(amount: Decimal) -> str:
    return format(amount, "f")


Sku = Annotated[str, Field(min_length=1, max_length=64)]
"""An opaque stock keeping unit of SaberStore."""

Channel = Annotated[str, Field(min_length=1, max_length=64)]
"""A sales channel's name, such as `saberstore`, `amazon` or `noon`: open, checked against the configured channels."""

Reference = Annotated[str, Field(min_length=1, max_length=256)]
"""An identifier given by somebody else: an order number, a line number, an external SKU."""

Quantity = Annotated[int, Field(ge=0, le=2_147_483_647)]
"""Whole units, none or more."""

ChangeQuantity = Annotated[int, Field(ge=-2_147_483_647, le=2_147_483_647)]
"""Whole units, with a sign."""

Revision = Annotated[int, Field(ge=1)]
"""Counts the targets of one (channel, sku), from 1."""

Moment = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An instant, in UTC; RFC 3339 on the wire."""

DecimalText = Annotated[
    Decimal,
    BeforeValidator(_no_float),
    Field(max_digits=18, decimal_places=4),
    PlainSerializer(_decimal_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
"""A decimal number, written as a string so that no reader turns it into a binary float; a float is refused."""


class Value(BaseModel):
    """A frozen value; unknown fields are ignored on read, so that producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Money(Value):
    """An amount in a currency."""

    amount: DecimalText
    """In the currency's main unit: pounds, not piastres."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217, such as EGP."""


class Issue(Value):
    """What a marketplace had to say about one write."""

    code: str
    """The marketplace's own code."""
    message: str
    severity: str = "error"
