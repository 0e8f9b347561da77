"""Writes ``docs/api-reference.md`` from the API's own declarations: run it after changing them.

``python -m tools.write_api_reference``
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api import routes
from api.contract import errors, limits
from api.document.openapi import document
from reduction.registry import all_blocks

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "api-reference.md"

assert routes.DECLARING  # their import declares the operations

HEAD = """\
# Every address of the JSON API

Written by `python -m tools.write_api_reference` from the declarations that the server checks
requests with; [api.md](api.md) is the introduction. The same, to be tried out: page **API Docs**.
"""


def _cell(text: Any) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _kind(schema: dict[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        kinds = [_kind(part) for part in schema["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [f"{words} {schema[key]}" for key, words in _BOUNDS.items() if key in schema]
    return " ".join([schema.get("format", schema.get("type", "any")), *bounds])


_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _rows(rows: list[tuple[Any, ...]], *titles: str) -> list[str]:
    lines = [" | ".join(titles), " | ".join("---" for _ in titles)]
    lines += [" | ".join(_cell(value) for value in row) for row in rows]
    return [f"| {line} |" for line in lines] + [""]


def _fields(schema: dict[str, Any]) -> list[tuple[Any, ...]]:
    required = schema.get("required", [])
    return [
        (
            f"`{name}`",
            _kind(shape),
            "required" if name in required else f"`{shape.get('default')}`",
            shape.get("description", ""),
        )
        for name, shape in schema.get("properties", {}).items()
    ]


def _operation(method: str, path: str, shown: dict[str, Any], models: dict[str, Any]) -> list[str]:
    lines = [f"### {method.upper()} {path}", "", f"{shown['summary']}.", ""]
    if "description" in shown:
        lines += [shown["description"], ""]
    asked = [
        (
            f"`{p['name']}`",
            _kind(p["schema"]),
            "required" if p["required"] else "",
            p.get("description", ""),
        )
        for p in shown.get("parameters", [])
    ]
    if asked:
        lines += _rows(asked, "parameter", "is", "", "means")
    body = shown.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        name = body["schema"]["$ref"].rpartition("/")[2]
        lines += _rows(_fields(models[name]), "field", "is", "default", "means")
    return [*lines, f"Answers: {', '.join(shown['responses'])}.", ""]


def text() -> str:
    """Return the page."""
    whole = document()
    models = whole["components"]["schemas"]
    lines = [*HEAD.splitlines(), ""]
    for tag in (tag["name"] for tag in whole["tags"]):
        lines += [f"## {tag.capitalize()}", ""]
        for path, methods in whole["paths"].items():
            for method, shown in methods.items():
                if tag in shown["tags"]:
                    lines += _operation(method, path, shown, models)
    lines += ["## Settings of the processes", ""]
    for block in all_blocks().values():
        schema = block.settings.model_json_schema()
        lines += [f"### {block.label} (`{block.name}`)", ""]
        lines += _rows(_fields(schema), "setting", "is", "default", "means")
    lines += ["## Error codes", ""]
    codes = sorted(
        {(status, code) for code, status in errors.STATUS.items()} | set(errors.HTTP_CODES.items())
    )
    lines += _rows([(status, f"`{code}`") for status, code in codes], "status", "code")
    lines += ["## Limits", ""]
    shown = [(f"`{name}`", number) for name, number in limits.LIMITS.items()]
    lines += _rows(shown, "kind of request", "a minute and person")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
