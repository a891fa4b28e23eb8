"""Fields of models that pydantic has no schema for."""

from __future__ import annotations

import pytest

from interpret.test_endpoints import doubted

MODELS = """
from typing import ClassVar
from pydantic import ConfigDict, InstanceOf, PrivateAttr, field_serializer, field_validator
from pydantic import model_validator
"""


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("store: Store", "Store"),
        ("store: Store | None = None", "Store"),
        ("stores: 'dict[str, list[Store]]'", "Store"),
        ("log: logging.Logger", "logging.Logger"),
        ("asked: Request", "fastapi.Request"),
    ],
)
def test_a_field_without_a_schema_is_in_doubt(field: str, name: str) -> None:
    assert doubted(f"{MODELS}\nclass Held(BaseModel):\n    {field}") == [name]


@pytest.mark.parametrize(
    "body",
    [
        "model_config = ConfigDict(arbitrary_types_allowed=True)\n    store: Store",
        "store: ClassVar[Store] = Store()",
        "_store: Store = PrivateAttr()",
        "store: InstanceOf[Store]",
        "call: Callable[[Store], None]",
        "kind: Kind; note: Note; page: Page; row: Row; own: Own; next: 'Held | None' = None",
        "class Config:\n        arbitrary_types_allowed = True\n    store: Store",
    ],
)
def test_a_field_with_one_or_that_needs_none_is_not(body: str) -> None:
    assert doubted(f"{MODELS}\nclass Held(BaseModel):\n    {body}") == []


def test_a_model_may_be_configured_where_it_is_made_or_where_its_base_is() -> None:
    made = "class Held(BaseModel, arbitrary_types_allowed=True):\n    store: Store"
    below = "class Below(Held):\n    other: Store"
    assert doubted(f"{MODELS}\n{made}\n{below}") == []


@pytest.mark.parametrize(
    "decorator",
    [
        "field_validator('*')",
        "field_validator('text', mode='wrap')",
        "field_validator('later', check_fields=False)",
        "field_serializer('text', when_used='json')",
        "model_validator(mode='before')",
    ],
)
def test_what_ordinarily_decorates_methods_of_models_is_not_in_doubt(decorator: str) -> None:
    method = f"    @{decorator}\n    def checked(cls, *given): ..."
    assert doubted(f"{MODELS}\nclass Held(BaseModel):\n    text: str\n{method}") == []
