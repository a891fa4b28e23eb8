"""Settings of acme-ledger."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LedgerConfig(BaseModel):
    """What an operator can set."""

    enabled: bool = False
    book: str = "main"
    keep_days: int = Field(default=30, ge=1)
