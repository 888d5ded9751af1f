"""The configuration: what it takes, what it refuses, and how it names the fault."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import open_pack, shipped_packs
from toolace_mt.config import GenerateConfig, load_config
from toolace_mt.errors import ConfigError
from toolace_mt.injections import INJECTIONS


def written(folder: Path, text: str) -> Path:
    file = folder / "run.yaml"
    file.write_text(text)
    return file


def test_options_go_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, "count: 3\nseed: 5\npack: [retail]\nprice: {prompt: 1, completion: 2.5}\n")
    config = load_config(file, {"seed": 6})
    assert (config.count, config.seed, config.pack) == (3, 6, ("retail",))
    assert config.price is not None
    assert config.price.completion == 2.5
    assert config.rounds == GenerateConfig().rounds == 5


def test_without_a_file_and_options_everything_has_a_default() -> None:
    config = load_config(None, {})
    assert config == GenerateConfig()
    assert config.model == "local"
    assert config.injections == tuple(INJECTIONS)


@pytest.mark.parametrize("value", ["retail", ["retail"], ("retail",)])
def test_one_pack_is_a_list_of_one(value: Any) -> None:
    assert load_config(None, {"pack": value}).pack == ("retail",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("coutn: 3", "run.yaml: coutn: there is no such key; there are pack"),
        ("count: many", "run.yaml: count: input should be a valid integer"),
        ("count: 0", "run.yaml: count: input should be greater than 0"),
        ("price: {prompt: 1}", "run.yaml: price.completion: field required"),
        ("price: {prompt: -1, completion: 1}", "run.yaml: price.prompt: input should be greater than"),
        ("pack: []", "run.yaml: pack: name at least one pack"),
        ("injections: [rain]", "run.yaml: injections: there is no injection 'rain'; there are clarification"),
        ("max_usd: 0", "run.yaml: max_usd: input should be greater than 0"),
        ("rounds: 99", "run.yaml: rounds: input should be less than or equal to 20"),
        ("- count", "run.yaml: must be a mapping"),
        ("", "run.yaml: must be a mapping"),
        ("count: [", "run.yaml: not YAML: "),
        ("count: 3\nseed: 1\ncount: 4", "run.yaml: not YAML: 'count' stands twice"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_key(
    tmp_path: Path, text: str, named: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text), {})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load_config(tmp_path / "nowhere.yaml", {})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_requests": 0}, "--max-requests: input should be greater than 0"),
        ({"max_usd": float("inf")}, "--max-usd: input should be"),
        ({"max_usd": 1e308}, "--max-usd: input should be less than or equal to"),
        ({"seed": 2**63}, "--seed: input should be less than"),
        ({"model_name": "\udcff"}, "the options: model_name is not written in UTF-8"),
        ({"strategy": "mas"}, "--strategy mas: "),
        ({"planner": "model"}, "--planner model: "),
    ],
)
def test_a_wrong_option_is_named_as_it_is_typed(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(None, options)
    assert str(caught.value).startswith(named)


@pytest.mark.parametrize(
    ("options", "close", "judge"),
    [
        ({}, True, "rules"),
        ({"model": "http://host/v1"}, False, "model"),
        ({"model": "http://host/v1", "close_wording": True}, True, "rules"),
        ({"close_wording": False}, False, "model"),
        ({"judge": "model"}, True, "model"),
    ],
)
def test_only_the_embedded_model_is_held_to_close_wording_and_judged_by_rules(
    options: dict[str, Any], close: bool, judge: str
) -> None:
    config = GenerateConfig.model_validate(options)
    assert (config.keeps_close, config.judged_by) == (close, judge)


def test_the_attempts_are_bounded_by_the_count_unless_told() -> None:
    assert GenerateConfig(count=4).most_attempts == 22
    assert GenerateConfig(count=4, max_attempts=5).most_attempts == 5


def test_the_packs_that_are_joined_by_default_can_be_joined() -> None:
    packs = [open_pack(name) for name in GenerateConfig().pack]
    assert len(packs) > len(shipped_packs())
    assert all(len(pack.parts) == 2 for pack in packs[len(shipped_packs()) :])
