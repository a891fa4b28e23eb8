"""Settings of acme-ledger."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LedgerConfig(BaseModel):
    """What an operator can set."""

    enabled: bool = False
    book: str
    keep_days: int = Field(default=7, ge=1)
