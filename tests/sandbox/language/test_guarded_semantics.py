"""Rewritten tool code answers exactly as plain Python does, for values of ordinary size."""

# ruff: noqa: E501  # each program stands in one piece, as long as it is

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.language.meter import ForbiddenUse, Meter, StepBudgetExceeded
from sandbox.language.rewriting import compile_tools
from sandbox.language.surroundings import Surroundings

PROGRAMS = {
    "arithmetic": "return [a + b, a - b, a * b, -a, a // (b or 1), a % (b or 1), a == b, a < b, a << 2, a | b, a & b]",
    "slices": "return [items[1:], items[:2], items[-1:], items[::2], text[1:3], items[:]]",
    "sorting": "return [sorted(items), sorted(items, reverse=True), sorted(items, key=lambda n: -n), min(items, default=0), max(items, default=0), max(a, b), sum(items), sum(items, 5)]",
    "in place": "items += [a]\n    items[0] += 5\n    a += 1\n    text += 'x'\n    return [items, a, text]",
    "dictionaries": "d = {text: a, 'k': b}\n    d['k'] = 3\n    d.update({'z': items})\n    d.setdefault('q', 1)\n    popped = d.pop('k')\n    return [d, popped, list(d), 'z' in d, 'y' not in d, d.get('w'), {**d, 'v': 1}]",
    "lists": "items.append(a)\n    items.insert(0, b)\n    items.extend([1, 2])\n    items.remove(a)\n    items.reverse()\n    items.sort()\n    del items[0]\n    return [items, items.count(1), items.copy(), items.pop()]",
    "text": "return [text.upper(), text.replace('a', 'bb'), text.split('a'), ','.join([text, text]), text * 3, f'{a:>5}|{a!r}|{text}', str(items), text.strip(), text.zfill(5), text.startswith('a'), text.find('b')]",
    "comprehensions": "return [[n * 2 for n in items if n > a], {str(n): n for n in items}, sorted({n % 3 for n in items}), [x + y for x in items for y in items], any(n > 3 for n in items), all(n > 3 for n in items), next((n for n in items if n > 2), None)]",
    "loops": "found = []\n    for place, n in enumerate(items, 1):\n        if n == a:\n            continue\n        found.append(place * n)\n    else:\n        found.append(-1)\n    n = 5\n    while n > 0:\n        n -= 2\n    return [found, n, [[x, y] for x, y in zip(items, reversed(items))], list(range(3))]",
    "errors": "try:\n        return items[99]\n    except IndexError as error:\n        return str(error)",
    "comparison": "return [items == [a], items == items, [a] < [b], (a, b) == (b, a), a in items, text in 'abc', 1 < a < 5, a != b]",
    "conversion": "return [int('12'), float('1.5'), bool(items), list(text), dict([['x', 1]]), dict(y=2), round(2.567, 2), round(7.5), abs(-a), len(text), divmod(7, 2), list((1, 2)), isinstance(a, int), isinstance(text, (int, list)), str(1.0), str(None), str(True)]",
    "unpacking": "x, y = [a, b]\n    (p, q), r = (1, 2), 3\n    return [x, y, p, q, r]",
    "sets": "s = {a, b}\n    s.add(9)\n    s.discard(b)\n    return [sorted(s), sorted(s | {1}), len(s), sorted(s - {9}), 9 in s, sorted(s.union(items))]",
    "set algebra": "s, t, d = {a, 1, 2}, {b, 2, 3}, {1: 2}\n    return [sorted(s & t), sorted(s ^ t), sorted(s - t), sorted(d.keys() & s), s == t, d.keys() == {1}, a & b, a ^ b, a - b]",
    "aliasing": "inner = [1]\n    outer = [inner, inner]\n    inner += [2]\n    outer[0].append(3)\n    return outer",
    "in place and aliased": "d = {'x': 1}\n    other = d\n    d |= {'y': 2}\n    more = items\n    items *= 2\n    items[1:2] = 'ab'\n    s = {1}\n    t = s\n    s |= {a}\n    return [d, other, items, more, sorted(s), sorted(t)]",
    "get": "d = {text: a, 1: 2, (a, b): 3, None: 4}\n    k = (a, b)\n    return [d.get(text), d.get(text, b), d.get(a), d.get(k, b), d.get(None), d.get(1.0), d.get(True), d.get('no')]",
    "get without a key": "return {}.get()",
    "get by what cannot be a key": "return {}.get(items)",
    "views": "d = {text: a, 'k': items}\n    return [list(d.values()), list(d.items()), [v for v in d.values()], [k for k, v in d.items()], 2 in d.values()]",
    "values of a text": "return text.values()",
    "items of a list": "return items.items()",
    "negative places": "items[-1] += a\n    items[-1] -= 1\n    items[0] *= 2\n    return [items, items[-1]]",
    "a key in place": "d = {'n': a, 'l': items, 't': text}\n    d['n'] += b\n    d['n'] -= 1\n    d['l'] += [a]\n    d['t'] += 'x'\n    return [d, items]",
    "a missing key in place": "d = {}\n    d['n'] += 1",
    "streams": "return [sum(n * a for n in items), list(n for n in items), tuple(enumerate(items)), sorted(n for n in items), max((n for n in items), default=0), ','.join(str(n) for n in items), sum(zip(items, items), ()), list(reversed(items))]",
    "sums": "return [sum(items, a), sum([True, 2, a]), sum([0.5, a]), sum([1, 0.25], a), sum([])]",
    "sorting what cannot be compared": "return sorted([a, text])",
    "sorting one of a kind": "return [sorted([None]), sorted([{}]), sorted([text], key=lambda t: t.lower()), sorted([(b, a), (a, b)], reverse=True)]",
    "division by zero": "return 1 // (a - a)",
    "missing key": "return {}['x']",
    "no such attribute": "return items.get('x')",
    "not iterable": "return [x for x in a]",
}


def _compiled(body: str) -> Any:
    source = f"def tool(a, b, items, text):\n    {body}\n"
    code = compile_tools(source)
    return Surroundings.of(Meter()).load(code)["tool"]


def _outcome(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001  # any error will do, if plain Python raises the same
        return type(error)


SMALL = st.integers(-20, 20)


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_guarded_code_does_what_plain_python_does(body: str) -> None:
    plain: dict[str, Any] = {}
    exec(f"def tool(a, b, items, text):\n    {body}\n", plain)
    guarded = _compiled(body)

    @given(a=SMALL, b=SMALL, items=st.lists(SMALL, max_size=6), text=st.text("abc ", max_size=6))
    def same(a: int, b: int, items: list[int], text: str) -> None:
        assert repr(_outcome(guarded, a, b, list(items), text)) == repr(
            _outcome(plain["tool"], a, b, list(items), text)
        )

    same()


STOPPED = {
    "endless loop": "while True:\n        pass",
    "exponential text": "while True:\n        text = text + text + 'x'",
    "exponential f-string": "while True:\n        text = f'{text}{text}x'",
    "exponential list": "items = [1]\n    while True:\n        items += items",
    "exponential int": "a = 3\n    while True:\n        a = a * a",
    "power": "return 9 ** 9 ** 9",
    "shift": "return 1 << 10 ** 9",
    "range": "return sum(range(10 ** 12))",
    "a long number in base two": "return int('1' * 100000, 2)",
    "repeat": "return 'x' * 10 ** 10",
    "pad": "return 'x'.rjust(10 ** 9)",
    "exponential comparison": "x = [1]\n    y = [1]\n    for n in range(60):\n        x = [x, x]\n        y = [y, y]\n    return x == y",
    "exponential text of a graph": "x = [1]\n    for n in range(60):\n        x = [x, x]\n    return str(x)",
    "exponential sorting": "x = [1]\n    for n in range(60):\n        x = [x, x]\n    return sorted([x, x])",
    "exponential membership": "x = [1]\n    y = [1]\n    for n in range(60):\n        x = [x, x]\n        y = [y, y]\n    return x in [y]",
    "colliding keys": "d = {}\n    for n in range(10):\n        d[n * ((1 << 61) - 1)] = n\n    return d",
    "a key of many bits looked up": "key = 1 << 62\n    return {}.get(key)",
    "a stream of streams": "return list(x for a in range(999) for x in range(999))",
    "a sum of many bits": "return sum([1 << 1000] * 999999)",
    "a sum of many bits, slowly": "return sum([(1 << 1023) for n in range(9)])",
    "doubling calls": "return sum([1 for a in range(999) for b in range(999)])",
    "join": "while True:\n        text = text.join(['xx', text, text])",
    "replace": "text = 'x'\n    while True:\n        text = text.replace('x', 'xxxxxxxx')",
}


@pytest.mark.parametrize("body", STOPPED.values(), ids=STOPPED.keys())
def test_what_would_hang_or_grow_ends_by_the_budget(body: str) -> None:
    with pytest.raises(StepBudgetExceeded):
        _compiled(body)(1, 2, [1, 2, 3], "ab")


NOTED = {
    "nothing": ("return a + b", set()),
    "a key more": ("d = {}\n    d['k'] = a", {"wrote", "reordered"}),
    "another value": ("d = {'k': 1}\n    d['k'] = text", {"wrote"}),
    "a container": ("d = {'k': 1}\n    d['k'] = items", {"wrote", "attached"}),
    "a container in a list": ("items.append([])", {"wrote", "attached"}),
    "a float": ("items[0] = 0.5", {"wrote", "attached"}),
    "a number beyond 64 bits": ("items[0] = 1 << 64", {"wrote", "attached"}),
    "a long text": ("items[0] = 'x' * 2000", {"wrote", "attached"}),
    "a number as a key": ("d = {}\n    d[a] = 1", {"wrote", "attached"}),
    "a key less": ("d = {'k': 1}\n    del d['k']", {"wrote"}),
    "a list in place": ("items += [a]", {"wrote"}),
}


@pytest.mark.parametrize(("body", "noted"), NOTED.values(), ids=NOTED.keys())
def test_what_is_put_where_it_may_matter_is_noted(body: str, noted: set[str]) -> None:
    meter = Meter()
    code = compile_tools(f"def tool(a, b, items, text):\n    {body}\n")
    Surroundings.of(meter).load(code)["tool"](1, 2, [1, 2], "ab")
    assert {name for name in ("wrote", "attached", "reordered") if getattr(meter, name)} == noted


REFUSED_AT_RUN_TIME = {
    "percent formatting": "return text % a",
    "a nested tuple as a key": "return {((1, 2), 3): 1}",
    "the first element of a set": "return {1, 2}.pop()",
}


@pytest.mark.parametrize("body", REFUSED_AT_RUN_TIME.values(), ids=REFUSED_AT_RUN_TIME.keys())
def test_what_only_shows_at_run_time_is_refused_then(body: str) -> None:
    with pytest.raises(ForbiddenUse):
        _compiled(body)(1, 2, [1], "ab")


@given(values=st.sets(st.text("abcdef", max_size=3)))
def test_the_order_of_a_set_does_not_depend_on_hashes(values: set[str]) -> None:
    listed = _compiled("return [list(items), [x for x in items], tuple(items), list(enumerate(items))]")
    ordered = sorted(values)
    assert listed(0, 0, values, "") == [ordered, ordered, tuple(ordered), list(enumerate(ordered))]


def test_a_list_that_grows_while_it_is_walked_is_walked_as_it_was() -> None:
    assert _compiled("for n in items:\n        items.append(n)\n    return items")(0, 0, [1, 2], "") == [
        1,
        2,
        1,
        2,
    ]


def test_steps_are_the_same_in_every_run() -> None:
    meter = Meter()
    code = compile_tools("def tool(n):\n    return sorted([x * x for x in range(n)])\n")
    tool = Surroundings.of(meter).load(code)["tool"]
    used = set()
    for _ in range(3):
        meter.reset()
        tool(50)
        used.add(meter.used)
    assert len(used) == 1
