"""Finding a fact as a whole gives what a regular expression for it would, without compiling one."""

import re

from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.words.tokens import WORD_EDGES, find_whole, without

_TEXTS = st.text("aAbB5$. ,/_é-İ", max_size=12)
_FACTS = st.text("aAb5$. ,/_é", min_size=1, max_size=3)
_FACT_EDGES = (re.compile(r"(?<![\w./])"), re.compile(r"(?![\w/]|[.,]\w)"))


@given(
    text=_TEXTS,
    wanted=_FACTS,
    edges=st.sampled_from([WORD_EDGES, _FACT_EDGES]),
    any_case=st.booleans(),
    start=st.integers(0, 3),
)
def test_a_fact_is_found_where_an_expression_finds_it(
    text: str, wanted: str, edges: tuple[re.Pattern[str], re.Pattern[str]], any_case: bool, start: int
) -> None:
    before, after = edges
    whole = re.compile(
        before.pattern + re.escape(wanted) + after.pattern, re.IGNORECASE if any_case else re.NOFLAG
    )
    found = whole.search(text, start)
    assert find_whole(text, wanted, edges, any_case=any_case, start=start) == (
        -1 if found is None else found.start()
    )


@given(text=_TEXTS, fact=_FACTS)
def test_what_is_left_without_a_fact_is_what_an_expression_leaves(text: str, fact: str) -> None:
    left = re.sub(rf"(?<!\w){re.escape(fact)}(?!\w)", " ", text, flags=re.IGNORECASE)
    assert without(text, (fact,)) == left
