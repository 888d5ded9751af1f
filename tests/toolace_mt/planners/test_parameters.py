"""What a tool asks for, read once."""

from sandbox import Pack
from toolace_mt.planners.parameters import parameters_of
from toolace_mt.planners.sources import properties_of, required_of, sources_of
from toolace_mt.testing import Stage


def packs_of(stages: dict[str, Stage]) -> list[Pack]:
    return [stage.pack for stage in stages.values()]


def test_parameters_are_what_the_schema_says_in_the_order_in_which_it_says_it(
    stages: dict[str, Stage],
) -> None:
    for tool in (tool for pack in packs_of(stages) for tool in pack.tools):
        declared, required = properties_of(tool.parameters), required_of(tool.parameters)
        assert [parameter.name for parameter in parameters_of(tool)] == list(declared)
        for parameter in parameters_of(tool):
            assert parameter.schema == declared[parameter.name]
            assert parameter.is_required == (parameter.name in required)
            assert parameter.sources == sources_of(parameter.schema)


def test_a_tool_is_read_once_for_all_dialogues(stages: dict[str, Stage]) -> None:
    for tool in (tool for pack in packs_of(stages) for tool in pack.tools):
        assert parameters_of(tool) is parameters_of(tool)
