"""OpenAPI documents become packs whose tools answer what their schemas promise."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sandbox import (
    Call,
    ImportedPack,
    ImportFailed,
    JsonValue,
    Returned,
    Trajectory,
    check_pack,
    compile_schema,
    import_pack,
    lint_schema,
    open_pack,
    open_runtime,
    run,
)
from sandbox.importers.cleaning import Cleaner
from sandbox.importers.foreign import parameter_name, tool_name

BAKERY = Path(__file__).parent / "bakery.yaml"


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> ImportedPack:
    folder = tmp_path_factory.mktemp("packs") / "bakery"
    return anyio.run(import_pack, str(BAKERY), str(folder))


def test_every_operation_that_can_be_read_is_a_tool(bakery: ImportedPack) -> None:
    effects = {tool.name: tool.effect for tool in bakery.pack.tools}
    assert effects == {
        "get_bread": "read",
        "delete_breads_bread_id": "write",
        "place_order": "write",
        "replace_orders": "write",
    }
    assert any("GET /lost is left out" in note and "leads nowhere" in note for note in bakery.notes)
    assert any("far is left out" in note and "inside the document" in note for note in bakery.notes)


def test_parameters_of_path_operation_and_body_are_one_closed_object(bakery: ImportedPack) -> None:
    get, _, place, replace = bakery.pack.tools
    assert get.parameters["required"] == ["bread_id"]
    assert get.parameters["properties"] == {
        "bread_id": {"type": "string", "pattern": "^B[0-9]+$"},
        "since": {"type": ["string", "null"], "description": "Only since then."},
    }
    assert place.parameters["required"] == ["bread", "from_"]
    count = {"type": "integer", "exclusiveMinimum": 0, "minimum": 0, "default": 1}
    placed: Any = place.parameters["properties"]
    assert placed["count"] == count
    assert replace.parameters["properties"] == {"body": {"type": "array", "items": {"type": "string"}}}
    assert all(tool.parameters["additionalProperties"] is False for tool in bakery.pack.tools)


def test_a_schema_inside_itself_keeps_its_type_from_the_second_level_on(bakery: ImportedPack) -> None:
    bread = bakery.pack.tool("get_bread").returns
    assert bread["properties"] == {
        "name": {"type": "string", "minLength": 3},
        "code": {"type": "string"},
        "filling": {"type": "object"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }


def test_the_pack_says_that_it_is_a_mock_and_checks_out(bakery: ImportedPack) -> None:
    manifest = yaml.safe_load((bakery.pack.path / "pack.yaml").read_text())
    assert (manifest["mock"], manifest["licence"], manifest["version"]) == ("schema-true", "MIT", "2.1.0")
    assert "made up" in manifest["description"]
    assert check_pack(bakery.pack, examples=10).errors == ()


def test_an_answer_fits_its_schema_and_repeats_what_was_asked_for(bakery: ImportedPack) -> None:
    order: dict[str, JsonValue] = {"bread": {"name": "rye"}, "from_": "2026-03-14", "count": 5}
    calls = (
        Call(name="place_order", arguments=order),
        Call(name="delete_breads_bread_id", arguments={"bread_id": "B1"}),
        Call(name="get_bread", arguments={"bread_id": "B1"}),
    )
    (done,) = run(bakery.pack, [Trajectory(start="mock", calls=calls)])
    placed, deleted, got = (step.outcome for step in done.steps)
    assert placed == Returned({"order_id": "O-77", "count": 5})
    assert deleted == Returned({"status": 204})
    assert isinstance(got, Returned)
    assert compile_schema(bakery.pack.tool("get_bread").returns).fits(got.value)


async def test_the_same_document_makes_the_same_pack(bakery: ImportedPack, tmp_path: Path) -> None:
    again = await import_pack(str(BAKERY), str(tmp_path / "bakery"))
    assert again.pack.digest == bakery.pack.digest


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


WRONG = {
    "no file": ("absent.yaml", None, "cannot be read"),
    "broken JSON": ("a.json", "{", "not JSON"),
    "broken YAML": ("a.yaml", "a: [", "not YAML"),
    "something else": ("a.json", "[]", "no OpenAPI 3"),
    "the old form": ("a.yaml", "swagger: '2.0'", "Swagger 2"),
    "nothing in it": ("a.yaml", "openapi: 3.0.0", "no tool that can be imported"),
    "a bomb": (
        "a.yaml",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "parts",
    ),
}


@pytest.mark.parametrize(("name", "text", "words"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_document_is_one_line_and_leaves_nothing(
    tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ImportFailed, match=words) as caught:
        await import_pack(str(tmp_path / name), str(tmp_path / "packs" / "new"))
    assert "\n" not in str(caught.value)
    assert names_in(tmp_path) == ([] if text is None else [name])


async def test_what_only_the_server_writes_is_not_asked_for_and_what_only_it_reads_is_not_given(
    tmp_path: Path,
) -> None:
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "components": {
            "schemas": {
                "Id": {"type": "integer", "readOnly": True},
                "Pet": {
                    "type": "object",
                    "required": ["id", "name", "secret"],
                    "properties": {
                        "id": {"$ref": "#/components/schemas/Id"},
                        "name": {"type": "string"},
                        "secret": {"type": "string", "writeOnly": True},
                    },
                },
            }
        },
        "paths": {},
    }
    pet = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    listed = {
        "application/json": {"schema": {"allOf": [pet["application/json"]["schema"], {"minProperties": 1}]}}
    }
    answered = {"200": {"description": "The pet.", "content": pet}}
    document["paths"] = {
        "/pets": {
            "post": {
                "operationId": "add",
                "requestBody": {"required": True, "content": pet},
                "responses": answered,
            },
            "put": {
                "operationId": "replace",
                "requestBody": {"required": True, "content": listed},
                "responses": answered,
            },
        }
    }
    file = tmp_path / "pets.yaml"
    file.write_text(yaml.safe_dump(document))
    imported = await import_pack(str(file), str(tmp_path / "pets"))
    tools = {tool.name: tool for tool in imported.pack.tools}
    asked: Any = tools["add"].parameters
    given: Any = tools["add"].returns
    nested: Any = tools["replace"].parameters["properties"]
    assert set(asked["properties"]) == set(asked["required"]) == {"name", "secret"}
    inner = nested["body"]["allOf"][0]
    assert set(inner["properties"]) == set(inner["required"]) == {"name", "secret"}
    assert set(given["properties"]) == set(given["required"]) == {"id", "name"}


async def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.txt").write_text("x")
    with pytest.raises(ImportFailed, match="is there already"):
        await import_pack(str(BAKERY), str(tmp_path / "mine"))
    with pytest.raises(ImportFailed, match="small letters"):
        await import_pack(str(BAKERY), str(tmp_path / "My Pack"))
    assert names_in(tmp_path) == ["mine"]


async def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    await import_pack(str(BAKERY), str(tmp_path / "mine"))
    assert open_pack(tmp_path / "mine").mock == "schema-true"


@given(st.text(max_size=80))
def test_every_foreign_name_has_a_spelling_that_packs_and_python_take(foreign: str) -> None:
    assert tool_name(foreign).isidentifier()
    assert tool_name(foreign).isascii()
    assert tool_name(foreign) == tool_name(foreign).lower()
    assert parameter_name(foreign).isidentifier()
    assert not parameter_name(foreign).startswith("_")


KEYWORDS = st.sampled_from(
    ["type", "properties", "items", "required", "enum", "pattern", "nullable", "$ref", "$id", "anyOf", "not",
     "minimum", "exclusiveMinimum", "uniqueItems", "maxItems", "additionalProperties", "format", "default"]
)  # fmt: skip
LEAVES = st.sampled_from(["string", "str", "file", "a", "(", "#/x", "#", 1, -1, True, False, None, 2.5])
FOREIGN = st.recursive(
    LEAVES,
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(KEYWORDS | LEAVES.map(str), parts, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYWORDS, FOREIGN, max_size=4))
def test_a_cleaned_schema_passes_the_lint_or_is_refused(schema: dict[str, object]) -> None:
    with contextlib.suppress(ImportFailed):
        lint_schema(Cleaner(schema).clean(schema))


def operation(name: str, *parameters: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "parameters": [{"name": part, "in": "query", "schema": {"type": "string"}} for part in parameters],
        "responses": {"200": {"description": "Fine."}},
    }


async def test_names_that_code_may_not_bind_are_spelled_otherwise(tmp_path: Path) -> None:
    paths = {
        "/a": {"get": operation("list", "min", "max", "state", "class", "find")},
        "/b": {"get": operation("find", "list", "list_")},
        "/c": {"get": operation("state", "ctx")},
    }
    document = {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths}
    file = tmp_path / "api.yaml"
    file.write_text(yaml.safe_dump(document))
    imported = await import_pack(str(file), str(tmp_path / "api"))
    assert [tool.name for tool in imported.pack.tools] == ["list_", "find", "state_"]
    report = await anyio.to_thread.run_sync(lambda: check_pack(imported.pack, examples=8))
    assert report.errors == ()
    assert all(covered.successes for covered in report.coverage.values())


async def test_an_api_that_is_too_large_for_one_pack_is_imported_as_far_as_it_fits(tmp_path: Path) -> None:
    paths = {
        f"/p{n}": {"get": operation(f"op{n}", *(f"parameter{m}" for m in range(10)))} for n in range(700)
    }
    document = {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths}
    file = tmp_path / "api.json"
    file.write_bytes(orjson.dumps(document))
    imported = await import_pack(str(file), str(tmp_path / "api"))
    kept = len(imported.pack.tools)
    assert 100 < kept < 700
    assert imported.notes[-1].startswith(f"{700 - kept} tools are left out, from op")
    async with open_runtime(workers=1) as runtime:
        (execution,) = await runtime.run(
            imported.pack, [Trajectory(start="mock", calls=(Call(name="op0", arguments={}),))]
        )
    assert isinstance(execution.steps[0].outcome, Returned)


async def test_control_characters_of_a_description_are_left_out(tmp_path: Path) -> None:
    paths = {"/a": {"get": operation("look") | {"description": "Right\u200e and \u202eleft."}}}
    document = {"openapi": "3.1.0", "info": {"title": "My API\r\nsecond", "version": "1"}, "paths": paths}
    file = tmp_path / "api.json"
    file.write_bytes(orjson.dumps(document))
    imported = await import_pack(str(file), str(tmp_path / "api"))
    assert "My API" in imported.pack.description
    assert not any(sign in imported.pack.description for sign in "\r\n\u202e")
