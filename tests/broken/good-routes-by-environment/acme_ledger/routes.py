"""What the node serves."""

from fastapi import APIRouter

public = APIRouter(prefix="/acme-ledger")
admin = APIRouter(prefix="/acme-ledger/admin")


@public.get("/size")
def size():
    return {"size": 0}


@admin.get("/reset")
def reset():
    return {}
