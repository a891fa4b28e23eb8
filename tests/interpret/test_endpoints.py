"""What answers a path, and what FastAPI has no schema for."""

from __future__ import annotations

import pytest

from interpret.test_doubts import doubts

HEAD = """
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, Protocol, TypeVar, Union

from fastapi import APIRouter, BackgroundTasks, Body, Depends, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from stigmem_node.plugins import PluginContext

router = APIRouter(prefix="/acme")


class Store:
    def __init__(self, path: str = "") -> None: ...
class Kind(Enum):
    ONE = "one"
class Note(BaseModel):
    text: str
@dataclass
class Page:
    number: int = 1
class Row(NamedTuple):
    text: str
class Own:
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return handler(int)
class Like(Protocol):
    text: str
def store() -> Store: ...
def odd(store: Store) -> None: ...
"""


def doubted(route: str) -> list[str]:
    found = [why for why, _ in doubts(HEAD + route)]
    start, end = "whether pydantic has a schema for ", " is not known"
    assert all(each.startswith(start) and each.endswith(end) for each in found)
    return [each.removeprefix(start).removesuffix(end) for each in found]


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("@router.get('/a')\ndef answer(store: Store): ...", "Store"),
        ("@router.get('/a')\ndef answer(*, store: Store = None): ...", "Store"),
        ("@router.get('/a')\ndef answer(*stores: Store): ...", "Store"),
        ("@router.get('/a')\ndef answer(store: 'Store'): ...", "Store"),
        ("@router.get('/a')\ndef answer(store: Store = Query()): ...", "Store"),
        ("@router.get('/a')\ndef answer(store: Store | None = None): ...", "Store"),
        ("@router.get('/a')\ndef answer(store: Optional[Store] = None): ...", "Store"),
        ("@router.get('/a')\ndef answer(stores: dict[str, list[Store]]): ...", "Store"),
        ("@router.get('/a')\ndef answer(like: Like): ...", "Like"),
        ("@router.get('/a')\ndef answer(log: logging.Logger): ...", "logging.Logger"),
        ("@router.get('/a')\ndef answer(db: sqlite3.Connection): ...", "sqlite3.Connection"),
        ("@router.get('/a')\ndef answer(ctx: PluginContext): ...",
         "stigmem_node.plugins.PluginContext"),
        ("@router.get('/a')\ndef answer(it: Request | None = None): ...", "fastapi.Request"),
        ("@router.get('/a')\ndef answer() -> Store: ...", "Store"),
        ("@router.get('/a')\ndef answer() -> Iterator[Store]: ...", "Store"),
        ("@router.get('/a')\ndef answer() -> Response | None: ...", "fastapi.Response"),
        ("@router.get('/a')\ndef answer() -> Union[JSONResponse, dict]: ...",
         "fastapi.responses.JSONResponse"),
        ("@router.get('/a', response_model=Store)\ndef answer(): ...", "Store"),
        ("@router.get('/a', response_model=list[Store])\ndef answer(): ...", "Store"),
        ("@router.get('/a', response_model=Response)\ndef answer(): ...", "fastapi.Response"),
        ("@router.websocket('/a')\nasync def answer(store: Store): ...", "Store"),
        ("def answer(store: Store): ...\nrouter.add_api_route('/a', answer)", "Store"),
        ("@router.get('/a')\ndef answer(found=Depends(odd)): ...", "Store"),
        ("Found = Annotated[str, Depends(odd)]", "Store"),
    ],
)  # fmt: skip
def test_what_has_no_schema_is_in_doubt(route: str, name: str) -> None:
    assert doubted(route) == [name]


@pytest.mark.parametrize(
    "route",
    [
        "@router.get('/a')\ndef answer(it: Request, after: BackgroundTasks) -> JSONResponse: ...",
        "@router.get('/a')\ndef answer(kind: Kind, on: datetime | None = None) -> list[Note]: ...",
        "@router.post('/a')\ndef answer(note: Note, page: Page, row: Row | None = None): ...",
        "@router.post('/a')\ndef answer(own: Own, at: Path, what: Any, one: Literal['a']): ...",
        "@router.get('/a')\ndef answer(store: Store = Depends()): ...",
        "@router.get('/a')\ndef answer(store: Store = Depends(store)): ...",
        "@router.get('/a')\ndef answer(store: Annotated[Store, Depends(store)]): ...",
        "@router.get('/a', dependencies=[Depends(store)])\ndef answer(): ...",
        "@router.get('/a', response_model=None)\ndef answer() -> Store | Response: ...",
        "@router.get('/a', response_model=Note)\ndef answer() -> Store: ...",
        "@router.get('/a')\ndef answer(call: Callable[[Store], None], kind: type[Store]): ...",
        "@router.get('/a')\ndef answer(later: 'Later'): ...\nclass Later: ...",
        "@router.websocket('/a')\nasync def answer(socket: WebSocket) -> Store: ...",
        "async def answer(request: Request, store: Store): ...\nrouter.add_route('/a', answer)",
        "def helper(store: Store) -> Store: ...",
    ],
)
def test_what_has_one_is_not(route: str) -> None:
    assert doubted(route) == []
