"""Paths of acme-ledger."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from stigmem_node.auth import resolve_identity

router = APIRouter(prefix="/v1/ledger")


@router.get("/entries")
def entries(identity=Depends(resolve_identity)):
    return []
