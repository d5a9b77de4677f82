# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import math
import re
import sys
import uuid
from html import unescape

import pytest
from ansible_collections.community.sematext.plugins.module_utils import _event
from ansible_collections.community.sematext.plugins.module_utils._errors import OptionError
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

SURROGATE, NUL = "\ud800", "\0"
LEAST = {"type": "deployment", "msg": "Deployed"}

any_text = st.text(st.characters())  # surrogates and NUL included
sound_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=NUL))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text)
structures = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(any_text, inner), max_leaves=12
)  # fmt: skip


def sent(**options):
    """The event as the receiver reads it."""
    return json.loads(_event.encode(_event.build({**LEAST, **options})))


def refusal(**options):
    """The option that is named when these are refused, and the sentence."""
    with pytest.raises(OptionError) as caught:
        _event.encode(_event.build({**LEAST, **options}))
    assert f"'{caught.value.option}'" in str(caught.value)
    return caught.value.option, str(caught.value)


def is_sound(value) -> bool:
    """Whether all of a value can be said in JSON, in UTF-8, without NUL."""
    if isinstance(value, str):
        return encodes(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(is_sound(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(map(is_sound, value))
    return True


def encodes(value: str) -> bool:
    return NUL not in value and not any("\ud800" <= char <= "\udfff" for char in value)


# -- what an event holds ----------------------------------------------------------------------------------------------


def test_each_option_becomes_its_field():
    event = sent(
        title="Shop 1.23",
        severity="warning",
        creator="Jenkins",
        host="web1",
        tags=["version:1.23", "env:prod"],
        data="a trace",
        timestamp="2024-05-30T09:58:43.455Z",
        fields={"service.name": "shop"},
    )
    assert uuid.UUID(event.pop("event.id")).version == 4
    assert event == {
        "type": "deployment",
        "message": "Deployed",
        "title": "Shop 1.23",
        "severity": "warning",
        "creator": "Jenkins",
        "os.host": "web1",
        "tags": ["version:1.23", "env:prod"],
        "data": "a trace",
        "timestamp": "2024-05-30T09:58:43.455Z",
        "service.name": "shop",
    }


def test_two_events_have_two_ids():
    assert sent()["event.id"] != sent()["event.id"]


def test_an_id_made_earlier_is_kept():
    assert _event.build(LEAST, event_id="the-id")["event.id"] == "the-id"


def test_own_fields_may_bear_reserved_names():
    assert _event.build(LEAST, {"ansible.run.id": "r1"})["ansible.run.id"] == "r1"


def test_without_a_timestamp_it_is_now():
    before = dt.datetime.now(dt.timezone.utc) - dt.timedelta(milliseconds=1)
    moment = dt.datetime.strptime(sent()["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.timezone.utc)
    assert before <= moment <= dt.datetime.now(dt.timezone.utc)


@pytest.mark.parametrize("option", ["title", "creator", "host", "tags", "data"])
def test_an_empty_option_leaves_its_field_out(option):
    assert _event.OPTION_FIELDS[option] not in sent(**{option: ""})


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["type", "msg", "title", "creator", "host", "data"])
@given(value=any_text)
def test_any_text_arrives_as_it_is_or_is_refused(option, value):
    if encodes(value) and (value.strip() or option not in ("type", "msg")):
        assert sent(**{option: value}).get(_event.OPTION_FIELDS[option], "") == value
    else:
        assert refusal(**{option: value})[0] == option


@given(st.lists(any_text, max_size=4))
def test_any_tags_arrive_as_they_are_or_are_refused(value):
    if all(encodes(tag) and tag.strip() for tag in value):
        assert sent(tags=value).get("tags", []) == value
    else:
        assert refusal(tags=value)[0] == "tags"


@pytest.mark.parametrize("option", ["type", "msg", "title", "creator", "host", "tags", "severity", "timestamp"])
@pytest.mark.parametrize(
    "value",
    [True, False, {}, {"a": 1}, math.nan, math.inf, b"bytes", {1, 2}, pytest.param(object(), id="an object")],
    ids=repr,
)
def test_what_is_no_text_is_refused(option, value):
    assert refusal(**{option: value})[0] == option


@pytest.mark.parametrize("option", ["type", "msg", "title", "creator", "host", "severity", "timestamp"])
@pytest.mark.parametrize("value", [[], ["a"], ("a",)], ids=repr)
def test_a_list_in_place_of_text_is_refused(option, value):
    assert refusal(**{option: value})[0] == option


@pytest.mark.parametrize("option", ["type", "msg", "title", "host"])
@given(number=st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_becomes_text_again(option, number):
    assert sent(**{option: number})[_event.OPTION_FIELDS[option]] == str(number)


def test_tags_between_commas_are_several():
    assert sent(tags="version:1.23, env:prod")["tags"] == ["version:1.23", "env:prod"]


def test_a_number_for_a_tag_becomes_text_again():
    assert sent(tags=[42, "env:prod"])["tags"] == ["42", "env:prod"]
    assert sent(tags=42)["tags"] == ["42"]


@pytest.mark.parametrize("value", [["a", None], [["a"]], [{"a": 1}], [True], ["a", ""], "a,,b"], ids=repr)
def test_a_tag_that_is_no_text_is_refused(value):
    assert refusal(tags=value)[0] == "tags"


@pytest.mark.parametrize("option", ["type", "msg"])
@pytest.mark.parametrize("value", ["", " \n", None], ids=repr)
def test_type_and_message_are_needed(option, value):
    assert refusal(**{option: value})[0] == option


@pytest.mark.parametrize("value", ["warn", "ERROR", "critical", ""])
def test_an_unknown_severity_is_refused(value):
    option, sentence = refusal(severity=value)
    assert option == "severity"
    assert "info, warning, error" in sentence


@pytest.mark.parametrize("option", ["type", "msg", "title", "creator", "host", "tags", "data"])
def test_a_number_of_thousands_of_digits_is_refused_where_python_cannot_write_it(option):
    if hasattr(sys, "get_int_max_str_digits"):
        assert refusal(**{option: 1 << 20000})[0] == option


# -- timestamp --------------------------------------------------------------------------------------------------------

offsets = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
moments = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=offsets)


@given(moments, st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]), st.sampled_from("T "))
def test_a_timestamp_keeps_its_moment_and_loses_its_offset(moment, precision, separator):
    arrived = sent(timestamp=moment.isoformat(separator, precision))["timestamp"]
    assert len(arrived) == len("2024-05-30T09:58:43.455Z")
    back = dt.datetime.strptime(arrived, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.timezone.utc)
    lost = moment.replace(microsecond=0) - back if precision == "seconds" else moment - back
    assert dt.timedelta(0) <= lost < dt.timedelta(milliseconds=1)


@given(moments)
def test_a_time_that_yaml_read_is_the_same_as_its_text(moment):
    assert sent(timestamp=moment)["timestamp"] == sent(timestamp=moment.isoformat())["timestamp"]


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        ("2014-02-17T21:37:04+0100", "2014-02-17T20:37:04.000Z"),
        ("2014-02-17T14:15:01.534471+02:00", "2014-02-17T12:15:01.534Z"),
        ("2014-02-17T14:15:01.534999999Z", "2014-02-17T14:15:01.534Z"),
        ("2014-02-17T14:15:01,5Z", "2014-02-17T14:15:01.500Z"),
        ("2014-02-17 14:15-03", "2014-02-17T17:15:00.000Z"),
        (" 2024-02-29T23:59:59.999Z ", "2024-02-29T23:59:59.999Z"),
        ("0999-12-31T00:00:00Z", "0999-12-31T00:00:00.000Z"),
    ],
)
def test_usual_forms_of_a_timestamp(written, arrives):
    assert sent(timestamp=written)["timestamp"] == arrives


@pytest.mark.parametrize(
    "written",
    [
        "2024-05-30T09:58:43",
        "2024-05-30",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-05-30T24:00:00Z",
        "2024-05-30T09:58:61Z",
        "2024-05-30T09:58:43+24:00",
        "2024-05-30T09:58:43+01:60",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1717063123",
        1717063123,
        1717063123.5,
        "now",
        "",
        "2024-05-30T09:58:43Z\nX",
        "٢٠٢٤-05-30T09:58:43Z",
        dt.datetime(2024, 5, 30, 9, 58, 43),
        dt.date(2024, 5, 30),
        dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    ],
    ids=repr,
)
def test_a_naive_or_impossible_timestamp_is_refused(written):
    assert refusal(timestamp=written)[0] == "timestamp"


@given(any_text)
def test_any_other_text_for_a_timestamp_is_refused(value):
    assert refusal(timestamp=value)[0] == "timestamp"


# -- data -------------------------------------------------------------------------------------------------------------


@given(structures.filter(lambda value: not isinstance(value, str) and value is not None))
def test_any_structure_as_data_is_encoded_into_text_or_refused(value):
    if is_sound(value):
        assert json.loads(sent(data=value)["data"]) == value
    else:
        assert refusal(data=value)[0] == "data"


@pytest.mark.parametrize("value", [False, 0, [], {}], ids=repr)
def test_data_that_is_nothing_much_is_still_data(value):
    assert json.loads(sent(data=value)["data"]) == value


def test_text_as_data_is_not_encoded_again():
    assert sent(data='{"a": 1}')["data"] == '{"a": 1}'


def test_a_date_in_data_becomes_text():
    assert json.loads(sent(data={"on": dt.date(2024, 5, 30)})["data"]) == {"on": "2024-05-30"}


@pytest.mark.parametrize(
    "value", [b"bytes", {1, 2}, pytest.param({"a": object()}, id="an object"), {(1, 2): "x"}], ids=repr
)
def test_data_that_json_cannot_express_is_refused(value):
    assert refusal(data=value)[0] == "data"


def test_data_that_holds_itself_or_is_too_deep_is_refused():
    circle: list = []
    circle.append(circle)
    deep: list = []
    for _unused in range(100_000):
        deep = [deep]
    assert refusal(data=circle)[0] == "data"
    assert refusal(data=deep)[0] == "data"


# -- fields -----------------------------------------------------------------------------------------------------------

names = st.from_regex(r"[a-z@][a-z0-9_-]{0,8}(\.[a-z0-9_]{1,8}){0,2}", fullmatch=True)
field_scalars = st.booleans() | st.integers() | st.floats() | any_text
field_values = field_scalars | st.lists(field_scalars, max_size=3)


@given(st.dictionaries(names, field_values, max_size=4))
def test_any_fields_arrive_as_they_are_or_are_refused(value):
    if any(name in _event.RESERVED_FIELDS for name in value) or not is_sound(value):
        assert refusal(fields=value)[0].partition(".")[0] == "fields"
    else:
        event = sent(fields=value)
        assert {name: event[name] for name in value} == value


@pytest.mark.parametrize("name", [*_event.RESERVED_FIELDS, "Token", "OS.HOST"])
def test_reserved_fields_are_refused(name):
    option, sentence = refusal(fields={name: "x"})
    assert option == "fields"
    assert name in sentence


@pytest.mark.parametrize("option", ["title", "host", "msg"])
def test_a_field_that_has_an_option_is_refused_with_a_hint_at_it(option):
    assert f"option '{option}'" in refusal(fields={_event.OPTION_FIELDS[option]: "x"})[1]


def test_names_that_the_schema_reserves_for_a_meaning_may_be_used():
    given_ = {"service.name": "shop", "trace.id": "4bf92f", "os.arch": "arm64"}
    assert given_.items() <= sent(fields=given_).items()


@pytest.mark.parametrize("name", ["", " ", ".", "a.", ".a", "a..b", "a\nb", "a\0", SURROGATE, True, None], ids=repr)
def test_an_unusable_field_name_is_refused(name):
    assert refusal(fields={name: "x"})[0] == "fields"


@pytest.mark.parametrize("value", [None, {}, {"b": 1}, [["x"]], [None], [{}], b"x", {1}], ids=repr)
def test_an_unusable_field_value_is_refused(value):
    assert refusal(fields={"a": value})[0] == "fields.a"


def test_a_huge_number_in_fields_is_refused_where_python_cannot_write_it():
    if hasattr(sys, "get_int_max_str_digits"):
        assert refusal(fields={"a": [1 << 20000]})[0] == "fields.a"


@pytest.mark.parametrize("value", [[], False, 0, "", "a=b", ["a"], True], ids=repr)
def test_fields_that_are_no_dictionary_are_refused(value):
    assert refusal(fields=value)[0] == "fields"


def test_two_names_that_are_one_as_text_are_refused():
    assert refusal(fields={1: "a", "1": "b"})[0] == "fields"


# -- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filler", ["x", "é", "😀", '"', "\n"])
def test_the_limit_of_an_event_is_exact_and_counts_bytes(filler):
    room = _event.MAX_BYTES - len(_event.encode(_event.build({**LEAST, "title": "x"}))) + 1
    width = len(json.dumps(filler, ensure_ascii=False).encode()) - 2
    longest = filler * (room // width) + "x" * (room % width)
    assert len(_event.encode(_event.build({**LEAST, "title": longest}))) == 256 * 1024
    option, sentence = refusal(title=longest + "x")
    assert option == "title"
    assert str(256 * 1024) in sentence


@pytest.mark.parametrize("option", ["msg", "data", "tags", "fields"])
def test_an_event_too_long_names_what_takes_the_room(option):
    long = {"tags": ["x" * 1000] * 300, "fields": {"a.b": "x" * 300_000}}.get(option, "x" * 300_000)
    assert refusal(**{"title": "x" * 1000, option: long})[0] == option


def test_an_encoded_event_is_one_line():
    assert b"\n" not in _event.encode(_event.build({**LEAST, "msg": "one\ntwo", "data": "a\r\nb\u2028c"}))


# -- decode -----------------------------------------------------------------------------------------------------------


@given(sound_text.filter(str.strip), sound_text)
def test_decode_is_the_reverse_of_encode(message, title):
    event = _event.build({**LEAST, "msg": message, "title": title})
    assert _event.decode(_event.encode(event)) == event


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"null"])
def test_decode_refuses_what_is_no_event(body):
    with pytest.raises(ValueError):
        _event.decode(body)


# -- Markdown ---------------------------------------------------------------------------------------------------------

PIECES = r"a|b|1.|1)|-|---|#|+|_|__|_a_|*|**|`|[|]|(|)|<|>|<b>|!|&|&amp;|&copy;|&#42;|~~|\|=|:|http://x.y"
markdown_text = st.lists(st.sampled_from([*PIECES.split("|"), "|", " ", "\n"]) | sound_text, max_size=6).map("".join)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LINKING = MarkdownIt("gfm-like")


@example("# one", "{} failed")
@example("- one", "{} failed")
@example("12. one", "{} failed")
@example("---", "{} failed")
@given(markdown_text, st.sampled_from(["Commit {} is out", "{} failed"]))
def test_escaped_text_is_shown_as_it_was_and_formats_nothing(value, message):
    """As a renderer of Markdown shows it; white space may shrink, as it does in HTML anyway."""
    blocks = MARKDOWN.parse(message.format(_event.escape_markdown(value)))
    assert [block.type for block in blocks] == ["paragraph_open", "inline", "paragraph_close"]
    shown = blocks[1].children
    assert {child.type for child in shown} <= {"text", "text_special"}
    assert "".join(child.content for child in shown).split() == message.format(value).split()


HOSTILE = [
    "![x](http://evil.example/pixel.png)",
    "[click](https://evil.example) <script>alert(1)</script>",
    "http://evil.example/?token=1 https://localhost/x ftp://1.2.3.4/a//b",
    "//evil.example/x http://a_b.example/*x*_y_",
    "WWW.evil.example www.evil.example",
    "@everyone a@b.example mailto:a.b@c.example",
    "<https://evil.example> &lt;b&gt; `http://x.y`",
    "1.@ \\.@ \\//x.example",
    "=== ---",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("message", ["{}", "* [1a2b3c4](https://github.com/o/n/commit/1a2b3c4) {}"])
def test_addresses_and_mentions_do_not_become_links(value, message):
    """With GitHub's flavour of Markdown, which makes links of addresses."""
    html = LINKING.render(message.format(_event.escape_markdown(value)))
    assert html.count("<a ") == message.count("](")
    assert not re.search("<(?!/?(a|p|ul|li)\\b)", html)
    shown = unescape(re.sub("<[^>]*>", "", html))
    assert (
        shown.split()
        == message.format(value).replace("* [1a2b3c4](https://github.com/o/n/commit/1a2b3c4)", "1a2b3c4").split()
    )


def test_a_word_without_end_is_escaped_at_once():
    assert len(_event.escape_markdown("a" * 1_000_000)) == 1_000_000
    assert len(_event.escape_markdown("@" * 500_000)) == 1_000_000


@pytest.mark.parametrize("name", ["install_packages on db_1", "10.0.0.1", "1.23.0", "web-1.example.com", "site.yml:12"])
def test_usual_names_are_not_littered_with_backslashes(name):
    assert _event.escape_markdown(name) == name
