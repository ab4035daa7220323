"""The value types that events are made of."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema


def _to_utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)


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
    Field(max_digits=18, decimal_places=4),
    PlainSerializer(_decimal_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
"""A decimal number, written as a string so that no reader turns it into a binary float."""


class Value(BaseModel):
    """A frozen value; unknown fields are ignored on read, so that producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(Value):
    amount: DecimalText
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Issue(Value):
    """What a marketplace had to say about one write."""

    code: str
    message: str
    severity: str = "error"
