import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from moca.web.schemas.description import EXAMPLES

_ANY_REQUEST = {"400", "401", "403", "413", "415", "422", "503"}
_QUERIES = {"/api/events": "?after=0&wait=30", "/api/search": "?q=order+from:anna"}
_IN_PATHS = {
    "account_id": "17841400000000001",
    "mid": "message_id_789",
    "name": "shop",
    "psid": "28978671838402975",
}
"""What stands for a parameter in an example; any other is a number."""
_FORMS = {"UploadForm": {"file": "photo.jpg"}}
"""The files of each form."""

Json = dict[str, Any]


def reference_lines(document: Json) -> Iterator[str]:
    """Return the lines, in Markdown, of what an OpenAPI document says of each request."""
    return _Reference(document).lines()


class _Reference:
    def __init__(self, document: Json) -> None:
        self._paths: Json = document["paths"]
        self._schemas: Json = document["components"]["schemas"]

    def lines(self) -> Iterator[str]:
        for subject, paths in groupby(sorted(self._paths), lambda path: path.split("/")[2]):
            yield from (f"## {subject.replace('-', ' ').capitalize()}", "")
            for path in paths:
                for method, operation in self._paths[path].items():
                    yield from self._operation(method.upper(), path, operation)
        yield from ("## Objects", "")
        for name, schema in self._schemas.items():
            if "properties" in schema and name not in {*EXAMPLES, *_FORMS}:
                yield from (f"### {name}", "", schema["description"], "")
                yield from self._fields(schema)

    def _operation(self, method: str, path: str, operation: Json) -> Iterator[str]:
        yield from (f"### `{method} {path}`", "", f"{operation['summary']}.", "")
        parameters = [
            f"| `{each['name']}` | {each['in']} | {self._type(each['schema'])} "
            f"| {'required' if each['required'] else _default(each['schema'])} "
            f"| {self._meaning(each['schema'] | each)} |"
            for each in operation.get("parameters", ())
            if each["in"] != "header"
        ]
        if parameters:
            yield "| Parameter | In | Type | Default | Meaning |"
            yield from ("|---|---|---|---|---|", *parameters, "")
        body = _name_of(operation.get("requestBody"))
        if body:
            yield from (f"The body: {_lower(self._schemas[body]['description'])}", "")
            yield from self._fields(self._schemas[body])
        yield from (f"Answers: {', '.join(self._answers(operation['responses']))}.", "")
        yield from ("```sh", _curl(method, path, body), "```", "")

    def _answers(self, responses: Json) -> Iterator[str]:
        for status, response in responses.items():
            if status.startswith("2"):
                yield f"{status} with {self._type({'$ref': f'/{_name_of(response)}'})}"
            elif status not in _ANY_REQUEST:
                yield status

    def _fields(self, schema: Json) -> Iterator[str]:
        is_body = schema.get("additionalProperties") is False
        required = schema.get("required", ())
        yield "| Field | Type | Default | Meaning |" if is_body else "| Field | Type | Meaning |"
        yield "|---|---|---|---|" if is_body else "|---|---|---|"
        for name, field in schema["properties"].items():
            default = "required" if name in required else _default(field)
            cells = [f"`{name}`", self._type(field), *([default] if is_body else [])]
            yield f"| {' | '.join(cells)} | {self._meaning(field)} |"
        yield ""

    def _meaning(self, schema: Json) -> str:
        """Return a schema's own description, or that of the first of its choices with one."""
        if "description" in schema:
            return str(schema["description"])
        if "$ref" in schema:
            target = self._schemas[schema["$ref"].rpartition("/")[2]]
            return target["description"] if "enum" in target else ""
        return next(filter(None, map(self._meaning, schema.get("anyOf", ()))), "")

    def _type(self, schema: Json) -> str:
        match schema:
            case {"$ref": reference}:
                name = reference.rpartition("/")[2]
                values = self._schemas[name].get("enum")
                return ", ".join(map(_code, values)) if values else f"[{name}](#{name.lower()})"
            case {"anyOf": choices}:
                return " or ".join(map(self._type, choices))
            case {"type": "array", "items": items}:
                return f"list of {self._type(items)}{_range(schema, 'Items', ' entries')}"
            case {"type": "object", "additionalProperties": {"type": kind}}:
                return f"object of {kind} values"
            case {"type": "null"}:
                return _code(None)
            case {"format": "date-time"}:
                return "time"
            case {"type": "string"}:
                return f"string{_range(schema, 'Length', ' characters')}"
            case {"type": kind}:
                return f"{kind}{_range(schema, 'imum', '')}"
        raise ValueError(f"no name for the type of {schema}")


def _range(schema: Json, of: str, unit: str) -> str:
    least, most = schema.get(f"min{of}"), schema.get(f"max{of}")
    if most is None:
        return ""
    return f" (at most {most}{unit})" if least is None else f" ({least:g} to {most}{unit})"


def _default(schema: Json) -> str:
    return _code(schema["default"]) if schema.get("default") is not None else ""


def _code(value: object) -> str:
    return f"`{json.dumps(value)}`"


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _name_of(content: Json | None) -> str:
    """Return the schema of a body; empty without a body."""
    if content is None:
        return ""
    (of_type,) = content["content"].values()
    return str(of_type["schema"]["$ref"].rpartition("/")[2])


def _curl(method: str, path: str, body: str) -> str:
    address = path
    for name in (each.split("}")[0] for each in path.split("{")[1:]):
        address = address.replace(f"{{{name}}}", _IN_PATHS.get(name, "1"))
    address = f'"$MOCA{address}{_QUERIES[path]}"' if path in _QUERIES else f"$MOCA{address}"
    lines = [
        f"curl -X {method} {address}" if method != "GET" else f"curl {address}",
        '-H "Authorization: Bearer $TOKEN"',
    ]
    if body in _FORMS:
        lines += [f"-F {name}=@{file}" for name, file in _FORMS[body].items()]
    elif body:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d '{json.dumps(EXAMPLES[body], ensure_ascii=False)}'")
    return " \\\n  ".join(lines)
