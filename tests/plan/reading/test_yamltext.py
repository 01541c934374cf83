"""YAML text to values with lines: every refusal has its place, and nothing but PlanError comes out."""

import contextlib
import datetime as dt
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml.reader import Reader

from spatial.errors import PlanError
from spatial.plan.reading import yamltext
from spatial.plan.reading.yamltext import LONGEST, decode_yaml, parse_yaml

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def loader(request, monkeypatch):
    monkeypatch.setattr(yamltext, "_LOADER", request.param)


def refused(text):
    with pytest.raises(PlanError) as caught:
        parse_yaml(text, "p")
    return [str(fault) for fault in caught.value.faults]


def noted(text):
    return [str(fault) for fault in parse_yaml(text, "p")[1].faults]


def every_fault(text):
    try:
        return noted(text)
    except PlanError as error:
        return [str(fault) for fault in error.faults]


DOCUMENT = """\
# a comment first
name: x

towns:
  - {name: a,
     seat: [112.5,
            35.1]}
  - name: b
    tags:
    - plain
    -
      hills
note: |
  two
  lines
year: 2035
date: 2026-11-22
none:
"""


@pytest.mark.usefixtures("loader")
def test_values_and_their_lines():
    value, lines = parse_yaml(DOCUMENT, "p")
    assert value == {
        "name": "x",
        "towns": [{"name": "a", "seat": [112.5, 35.1]}, {"name": "b", "tags": ["plain", "hills"]}],
        "note": "two\nlines\n",
        "year": 2035,
        "date": dt.date(2026, 11, 22),
        "none": None,
    }
    assert lines.at == {
        (): 2,
        ("name",): 2,
        ("towns",): 4,
        ("towns", 0): 5,
        ("towns", 0, "name"): 5,
        ("towns", 0, "seat"): 6,
        ("towns", 0, "seat", 0): 6,
        ("towns", 0, "seat", 1): 7,
        ("towns", 1): 8,
        ("towns", 1, "name"): 8,
        ("towns", 1, "tags"): 9,
        ("towns", 1, "tags", 0): 10,
        ("towns", 1, "tags", 1): 12,
        ("note",): 13,
        ("year",): 16,
        ("date",): 17,
        ("none",): 18,
    }
    assert lines.where(("towns", 0, "seat", 1)) == "p:7"
    assert lines.where(("towns", 0, "nothing", "here")) == "p:5"
    assert lines.where(("nothing",)) == "p:2"


def test_a_given_value_names_its_place_and_forgets_the_lines_below():
    _, lines = parse_yaml("a:\n  b:\n    c: 1\n  d: 2", "p")
    lines.give(("a", "b"), "--set a.b=1")
    assert lines.where(("a", "b", "c")) == "--set a.b=1"
    assert lines.where(("a", "d")) == "p:4"
    lines.give(("a",), "--set a=1")
    assert lines.where(("a", "b")) == "--set a=1"


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["a: 1\r\nb: 2\r\n", "a: 1\rb: 2", "a: 1\nb: 2"])
def test_any_end_of_line(text):
    assert parse_yaml(text, "p")[1].where(("b",)) == "p:2"


@pytest.mark.usefixtures("loader")
def test_every_duplicate_key_is_noted_and_the_first_kept():
    text = "a: 1\nb: {c: 1, c: 2}\na: [3]\nl:\n- d: 1\n  e: 2\n  d: 3\n  d: 4\n"
    value, lines = parse_yaml(text, "p")
    assert value == {"a": 1, "b": {"c": 1}, "l": [{"d": 1, "e": 2}]}
    assert [str(fault).partition(";")[0] for fault in lines.faults] == [
        "p:2: b.c: the key stands already in line 2",
        "p:3: a: the key stands already in line 1",
        "p:7: l.0.d: the key stands already in line 5",
        "p:8: l.0.d: the key stands already in line 5",
    ]


@pytest.mark.usefixtures("loader")
def test_keys_are_text_whatever_they_look_like():
    assert parse_yaml("1: a\ntrue: b\n~: c\n2026-01-01: d\n<<: e", "p")[0] == {
        "1": "a", "true": "b", "~": "c", "2026-01-01": "d", "<<": "e",
    }  # fmt: skip


@pytest.mark.usefixtures("loader")
def test_a_list_or_mapping_is_no_key():
    assert noted("a: 1\n? [x, y]\n: 2\n? {z: 1}\n: 3\n") == [
        "p:2: a list, mapping or alias stands where a key should be; use a word",
        "p:4: a list, mapping or alias stands where a key should be; use a word",
    ]


@pytest.mark.usefixtures("loader")
def test_anchors_and_aliases_are_refused_one_by_one():
    text = "a: &x 1\nb: *x\nc: [&y {d: 1}, *y]\n&z e: 2\n*z : 3\n"
    faults = noted(text)
    assert [fault.partition(" is")[0] for fault in faults[:4]] == [
        "p:1: a: an anchor (&)", "p:2: b: an alias (*)", "p:3: c.0: an anchor (&)", "p:3: c.1: an alias (*)",
    ]  # fmt: skip
    assert faults[4].startswith("p:4: e: an anchor")
    assert faults[5].startswith("p:5: ")
    assert parse_yaml(text, "p")[0]["b"] is None


@pytest.mark.usefixtures("loader")
def test_an_alias_bomb_is_refused_fast_and_never_unfolds():
    rows = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    begin = time.perf_counter()
    value, lines = parse_yaml("\n".join(rows), "p")
    assert time.perf_counter() - begin < 2
    assert len(lines.faults) == 30 + 29 * 10
    assert value["a29"] == [None] * 10


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[" * 100_000 + "]" * 100_000, "a: " + "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "[\n" * 100_000],
    ids=["open", "closed", "braces", "dashes", "keys", "rows"],
)  # fmt: skip
def test_deep_nesting_is_refused_fast_without_recursion(text):
    begin = time.perf_counter()
    assert "nested deeper than 40 levels" in refused(text)[0]
    assert time.perf_counter() - begin < 2


def test_forty_levels_pass_and_one_more_does_not():
    assert parse_yaml("[" * 40 + "]" * 40, "p")
    assert "nested deeper" in refused("[" * 41 + "]" * 41)[0]


@pytest.mark.usefixtures("loader")
def test_tags_that_build_objects_run_nothing(tmp_path):
    made = tmp_path / "made"
    text = f"ok: 1\nbad: !!python/object/apply:os.mkdir ['{made.as_posix()}']\n"
    assert noted(text)[0].startswith("p:2: bad: the tag !!python/object/apply:os.mkdir is refused")
    assert not made.exists()


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "value",
    ["!!python/name:os.system", "!!python/object:os.x {a: 1}", "!!python/object/new:os.x [a]", "!!python/tuple [1, 2]", "!!binary aGk=",
     "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1]", "!include x.yaml", "!<tag:example.org,2000:x> y", "!!str [a]", "!!int {a: 1}"],
)  # fmt: skip
def test_tags_are_refused(value):
    for text in (f"a: 1\nb: {value}\n", f"- 1\n- {value}\n"):
        faults = noted(text)
        assert len(faults) == 1
        assert faults[0].startswith("p:2: ")
        assert "the tag" in faults[0]
        assert "is refused" in faults[0]
    assert "the tag" in noted("a: 1\n!!python/name:os.system : 2")[0]


@pytest.mark.usefixtures("loader")
def test_plain_tags_are_read():
    assert parse_yaml("[!!str 12, !!int '3', !!float 4, !!bool 'true', !!null '', !!seq [], !!map {}, ! x]", "p")[0] == [
        "12", 3, 4.0, True, None, [], {}, "x",
    ]  # fmt: skip


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "value",
    ["!!int ''", "!!int x", "!!bool x", "!!timestamp foo", "!!float x", "!!float ''", "2026-02-30", "2026-13-01",
     "2026-01-01 00:00:00 +99:99", "0x" + "f" * 5000, "1" * 5000, "0b" + "1" * 99, "1" + ":59" * 300 + ".5", "1e" + "9" * 60],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_values_that_are_not_what_they_claim(value):
    document, lines = parse_yaml(f"a: 1\nb: {value}\nc: 2", "p")
    if lines.faults:
        assert str(lines.faults[0]).startswith("p:2: b: ")
        assert len(str(lines.faults[0])) < 300
        assert document == {"a": 1, "b": None, "c": 2}
    else:  # text to YAML 1.1, such as a number with an exponent and no point
        assert document["b"] == value


def test_odd_words_are_text():
    assert parse_yaml("[=, <<, '~x', 1.2.3, 12:30 o'clock]", "p")[0] == [
        "=",
        "<<",
        "~x",
        "1.2.3",
        "12:30 o'clock",
    ]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("bad", "code"), [("\0", "0000"), ("\x07", "0007"), ("\ud800", "D800"), ("￿", "FFFF")]
)
def test_characters_that_are_not_text(bad, code):
    assert refused(f"a: 1\nb: x{bad}y\n") == [
        f"p:2: the character U+{code} is not text; delete it; is the file a text file?"
    ]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    "escape", ["\\0", "\\x07", "\\ud800", "\\uffff", "\\U00110000", "\\UFFFFFFFF", "\\q"]
)
def test_escapes_cannot_smuggle_what_is_not_text(escape):
    faults = every_fault(f'a: 1\nb: "x{escape}"\n')
    assert len(faults) == 1
    assert faults[0].startswith("p:2: ")


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a:\n\tb: 1\n", "p:2: a tab is used for indentation here; use two spaces a level"),
        ("a: 1\n\t\nb: 2\n", "p:2: a tab is used for indentation here; use two spaces a level"),
        ("a: 1\n  \t# why\nb: 2\n", "p:2: a tab is used for indentation here; use two spaces a level"),
        (
            "a:\n  b: 1\n \t c: 1\n\td: 1\n",
            "p:3: a tab is used for indentation here and in 1 more lines; use two spaces a level",
        ),
    ],
)
def test_tabs_for_indentation(text, fault):
    assert refused(text) == [fault]


def test_tabs_elsewhere_are_read_or_named():
    assert parse_yaml('a: "x\ty"\nb: 1 #\tcomment\n', "p")[0] == {"a": "x\ty", "b": 1}


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["a: 1\nb:\t2\n", "a: 1\nb: 2\t# comment\n", "a: 1\nb: [2,\t3]\n"])
def test_a_tab_is_space_or_a_fault_that_says_so(text):
    faults = every_fault(text)
    assert faults in ([], ["p:2: a tab stands here; use spaces"])


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p:1: the file is empty"),
        ("\n\n# only a comment\n", "p:1: the file is empty"),
        ("a: 1\n---\nb: 2\n", "p:2: a second document begins"),
        ("a: 1\n...\n---\n", "p:3: a second document begins"),
        ("a: 1\ntitle：x\nb: 2\n", "p:2: a full-width colon"),
        ("a: 1\ntitle:x\nb: 2\n", "p:2: a line without `key: value`"),
        ('a: 1\nb: "x\nc: 2\n', "p:2: a quote is opened here and not closed"),
        ("a: 1\nb: 'x\nc: 2\n", "p:2: a quote is opened here and not closed"),
        ("a: [{b: 1}\nc: 2\n", "p:2: a bracket opened in line 1 is not closed"),
        ("a: [1, 2\n", "p:1: a bracket opened in line 1 is not closed"),
        ("a: {b: 1\n", "p:1: a bracket opened in line 1 is not closed"),
        ("a: 1\n  b: 2\n", "p:2: a colon stands where none can"),
        ("a:\n  b: 2\n c: 3\n", "p:3: this does not fit the lines above"),
        ("a: 1\nb: @x\n", "p:2: a text cannot begin with this character"),
        ("a: 1\nb: *甲\n", "p:2: an alias (*) is refused"),
        ("a: 1\nb: & x\n", "p:2: an anchor (&) is refused"),
    ],
)
def test_broken_text_is_explained_where_it_can_be_mended(text, said):
    faults = refused(text)
    assert len(faults) == 1
    assert faults[0].startswith(said)


@pytest.mark.usefixtures("loader")
def test_what_was_noted_before_a_break_is_reported_with_it():
    assert [fault[:12] for fault in refused("a: 1\na: 2\nb: [\n")] == ["p:2: a: the ", "p:3: a brack"]


def test_bytes():
    assert decode_yaml("名: 济源".encode("utf-8-sig"), "p") == "名: 济源"
    for data, said in (
        ("a: 1\nb: 济源\n".encode("gbk"), "p:2: the file is in GBK (ANSI), not UTF-8"),
        ("a: 济源".encode("utf-16"), "p:1: the file is in UTF-16, not UTF-8"),
        (b"a: 1\n\n\x81\xff\xff", "p:3: the file holds the byte 0x81, not UTF-8"),
        (b"\x50\x4b\x03\x04\x80\x00\xff", "the file holds the byte"),
    ):
        with pytest.raises(PlanError) as caught:
            decode_yaml(data, "p")
        assert said in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read():
    with pytest.raises(PlanError, match="more than 2 MB are too much for a plan"):
        decode_yaml(b" " * (LONGEST + 1), "p")
    assert len(decode_yaml(b" " * LONGEST, "p")) == LONGEST


def test_a_plan_of_a_province_reads_in_seconds():
    row = '  - {{name: {{zh: 镇{0}, en: Town}}, code: "{0}", seat: [112.5, 35.1], accuracy: 2 km, tags: [plain]}}\n'
    text = "towns:\n" + "".join(row.format(number) for number in range(2000))
    begin = time.perf_counter()
    assert len(parse_yaml(text, "p")[0]["towns"]) == 2000
    assert time.perf_counter() - begin < 10


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda c: not Reader.NON_PRINTABLE.match(c)), max_size=12
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(allow_nan=False), TEXTS, st.dates()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


class PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


@settings(deadline=None)
@given(tree=TREES, flow=st.booleans())
def test_what_yaml_writes_is_read_back(tree, flow):
    text = yaml.dump(
        tree, Dumper=PlainDumper, allow_unicode=True, default_flow_style=flow, default_style='"', width=30
    )
    value, lines = parse_yaml(text, "p")
    assert lines.faults == []
    assert value == tree
    assert set(lines.at.values()) <= set(range(1, len(text.splitlines()) + 1))


NOISE = st.text(st.sampled_from("-?:,[]{}&*!|>'\"%@`#~=<\n \tab1.：\\"), max_size=40) | st.text(max_size=40)


@settings(deadline=None, max_examples=400)
@given(text=NOISE)
def test_noise_gives_values_or_faults_with_lines_that_exist(text):
    try:
        faults = parse_yaml(text, "p")[1].faults
    except PlanError as error:
        faults = error.faults
    rows = max(1, len(text.splitlines()))
    for fault in faults:
        file, _, line = fault.where.partition(":")
        assert file == "p"
        assert 1 <= int(line) <= rows
        assert fault.problem
        assert fault.remedy


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=60))
def test_any_bytes_give_text_or_a_fault(data):
    with contextlib.suppress(PlanError):
        parse_yaml(decode_yaml(data, "p"), "p")
