"""The size of an answer as JSON is counted without encoding it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.answer_limits import _size_of


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.characters(max_codepoint=127))))
def test_a_text_has_as_many_bytes_as_json_writes(text: str) -> None:
    assert _size_of(text) == len(json.dumps(text, ensure_ascii=False).encode())
