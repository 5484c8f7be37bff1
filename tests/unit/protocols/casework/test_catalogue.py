import inspect
import re
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

import protocols.casework
from config.load import bundled_corridor, load_catalogue
from config.schema import Names
from protocols.casework import errors
from protocols.casework.catalogue import KINDS, Catalogue
from protocols.casework.codes import Language
from protocols.casework.errors import CatalogueError, FormError, StepError, TypeNotAvailableError

SEED = load_catalogue()
CORRIDOR = bundled_corridor("quangninh-guangxi")
CATALOGUE = Catalogue(SEED, CORRIDOR)
LANGUAGES = list(Language)
#: Kinds that are no enumeration in code.
ONLY_IN_FILE = {
    "truth",
    "ruling",
    "finding",
    "field",
    "whose",
    "screen",
    "ceremony",
    "reason",
    "signer_doubt",
    "file_state",
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LABELS = [
    (kind, code, names) for kind, table in SEED.codes.items() for code, names in table.items()
]


def test_every_kind_of_code_is_labelled_and_no_kind_is_dead() -> None:
    assert SEED.codes.keys() == KINDS.keys() | ONLY_IN_FILE


@pytest.mark.parametrize("kind,codes", KINDS.items())
def test_every_code_has_labels_and_no_label_is_without_its_code(
    kind: str, codes: type[StrEnum]
) -> None:
    assert SEED.codes[kind].keys() == {code.value for code in codes}


@pytest.mark.parametrize("kind,code,names", LABELS)
def test_labels_are_whole_and_in_their_own_language(kind: str, code: str, names: Names) -> None:
    texts = [names.of(lang) for lang in LANGUAGES]

    assert all(text and text == text.strip() for text in texts), (kind, code)
    assert len(set(texts)) == 3, (kind, code)
    assert CHINESE.search(names.zh), (kind, code)
    assert not CHINESE.search(names.vi + names.en), (kind, code)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(SEED.codes))
def test_two_codes_of_a_kind_never_read_the_same(kind: str, lang: Language) -> None:
    labels = [names.of(lang) for names in SEED.codes[kind].values()]

    assert sorted(set(labels)) == sorted(labels)


def test_every_ruling_has_a_label() -> None:
    steps = {
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, StepError)
    }

    assert SEED.codes["ruling"].keys() == steps


def test_every_finding_has_a_label() -> None:
    folder = Path(protocols.casework.__file__).parent
    source = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py"))
    # What is no error class's own code is the code of a finding.
    used = set(re.findall(r'(?<!code = )"(casework\.[a-z_]+)"', source))

    assert SEED.codes["finding"].keys() == used | {FormError.code, TypeNotAvailableError.code}


def test_no_and_yes_are_what_they_are() -> None:
    assert CATALOGUE.code("truth", "no", Language.CHINESE) == "否"
    assert CATALOGUE.code("truth", "no", Language.VIETNAMESE) == "Không"
    assert CATALOGUE.code("truth", "yes", Language.CHINESE) == "是"


def test_desks_are_named_from_the_corridor() -> None:
    assert CATALOGUE.code("desk", "cn-dongxing", Language.CHINESE) == "东兴市公安局"


def test_a_missing_label_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'rescued'"):
        CATALOGUE.code("outcome", "rescue", Language.ENGLISH)
    with pytest.raises(CatalogueError, match="did you mean 'outcome'"):
        CATALOGUE.code("outcomes", "rescued", Language.ENGLISH)


@pytest.mark.parametrize("phrase", SEED.phrases, ids=lambda phrase: phrase.id)
def test_the_slots_of_a_phrase_are_the_same_in_three_languages(phrase: object) -> None:
    texts = phrase.texts  # type: ignore[attr-defined]
    slots = [{name for _, name, _, _ in Formatter().parse(texts.of(x)) if name} for x in LANGUAGES]

    assert slots[0] == slots[1] == slots[2]


def test_a_phrase_is_filled_in_the_readers_language() -> None:
    slots = {"agency": "cn-dongxing"}

    assert CATALOGUE.phrase("REQ-01", Language.VIETNAMESE, slots) == (
        "Kính gửi: Cục Công an thành phố Đông Hưng (Trung Quốc)"
    )
    assert CATALOGUE.phrase("REQ-01", Language.CHINESE, slots) == "致\uff1a东兴市公安局"


def test_dates_in_slots_are_written_as_in_each_language() -> None:
    slots = {"ref": "QN-MC1-2026-0117", "date": "2026-11-24"}

    assert CATALOGUE.phrase("REQ-04", Language.CHINESE, slots) == (
        "续我方2026年11月24日第QN-MC1-2026-0117号函\uff0c"
    )
    with pytest.raises(CatalogueError, match="expected a date"):
        CATALOGUE.phrase("REQ-04", Language.CHINESE, slots | {"date": "yesterday"})


@pytest.mark.parametrize("slots", [{}, {"agency": "x", "place": "y"}, {"place": "y"}])
def test_every_slot_must_be_filled_and_no_other(slots: dict[str, str]) -> None:
    with pytest.raises(CatalogueError, match="slots missing"):
        CATALOGUE.phrase("REQ-01", Language.ENGLISH, slots)


def test_a_value_with_braces_stands_as_it_is() -> None:
    text = CATALOGUE.phrase("REQ-28", Language.ENGLISH, {"reason": "{agency}"})

    assert text == "Reason for urgency: {agency}"


def test_an_unknown_phrase_is_an_error() -> None:
    with pytest.raises(CatalogueError, match="phrase: 'REQ-99' unknown"):
        CATALOGUE.slots("REQ-99")


def test_the_catalogue_says_that_no_native_has_read_it() -> None:
    assert set(CATALOGUE.status) == {"phrases.tsv", "glossary.tsv", "codes.toml"}
    for status in CATALOGUE.status.values():
        assert not status.native_read_vi
        assert not status.native_read_zh
        assert status.note == "not yet read by a native"
