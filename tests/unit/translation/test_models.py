import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from translation import models
from translation.errors import (
    ModelAlteredError,
    ModelError,
    ModelShapeError,
    ModelTooLargeError,
    ModelUnlistedError,
    ModelUnreadableError,
)
from translation.languages import Language
from translation.models import ListedModel, install, read_catalogue, verify

METADATA = json.dumps({"from_code": "vi", "to_code": "en"})
Member = tuple[zipfile.ZipInfo | str, str]


def archive(*members: Member) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return raw.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


GOOD: tuple[Member, ...] = (
    ("demo/metadata.json", METADATA),
    ("demo/model/model.bin", "weights"),
    ("demo/sentencepiece.model", "pieces"),
)

#: Each hostile archive, and the error that refuses it.
HOSTILE: dict[str, tuple[tuple[Member, ...], type[ModelError]]] = {
    "a path that climbs out": ((*GOOD, ("demo/../../escaped", "x")), ModelShapeError),
    "an absolute path": ((*GOOD, ("/demo/model.bin", "x")), ModelShapeError),
    "a path with backslashes": ((*GOOD, ("demo\\..\\escaped", "x")), ModelShapeError),
    "a link": ((*GOOD, (link("demo/README.md"), "/etc/passwd")), ModelShapeError),
    "two roots": ((*GOOD, ("other/README.md", "x")), ModelShapeError),
    "a stray member": ((*GOOD, ("demo/run.py", "import os")), ModelShapeError),
    "a library beside the model": ((*GOOD, ("demo/model/evil.so", "x")), ModelShapeError),
    "another language pair": (
        (("demo/metadata.json", '{"from_code": "zh", "to_code": "en"}'), *GOOD[1:]),
        ModelShapeError,
    ),
    "metadata that are no JSON": ((("demo/metadata.json", "{"), *GOOD[1:]), ModelShapeError),
    "no metadata": (GOOD[1:], ModelShapeError),
    "nothing": ((), ModelShapeError),
    "too many members": (
        tuple((f"demo/stanza/{n}", "") for n in range(models.MOST_MEMBERS + 1)),
        ModelTooLargeError,
    ),
}


def listed(raw: bytes) -> ListedModel:
    return ListedModel(
        file="x.argosmodel",
        source=Language.VIETNAMESE,
        target=Language.ENGLISH,
        sha256=sha256(raw).hexdigest(),
        size=len(raw),
        licence="Apache-2.0",
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def to_file(raw: bytes) -> Path:
        file = tmp_path / "given.argosmodel"
        file.write_bytes(raw)
        return file

    return to_file


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(
    case: str, write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    members, error = HOSTILE[case]
    raw = archive(*members)
    folder = tmp_path / "models"

    with pytest.raises(error):
        install(write(raw), folder, [listed(raw)])

    assert list(folder.iterdir()) == []
    assert not (tmp_path / "escaped").exists()


def test_an_archive_with_a_name_twice_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        raw = archive(*GOOD, ("demo/model/model.bin", "other"))

    with pytest.raises(ModelShapeError, match="taken"):
        install(write(raw), tmp_path / "models", [listed(raw)])


def test_a_bomb_is_refused_before_it_is_unpacked(
    write: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "LARGEST_UNPACKED", 1_000_000)
    raw = archive(*GOOD[:1], ("demo/model/model.bin", "0" * 1_000_001))

    with pytest.raises(ModelTooLargeError, match="unpacks"):
        install(write(raw), tmp_path / "models", [listed(raw)])


def test_a_bomb_that_declares_less_than_it_holds_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD[:1], ("demo/model/model.bin", "0" * 5_000))
    size = (5_000).to_bytes(4, "little")
    lying = raw.replace(size, (5).to_bytes(4, "little"))
    assert lying != raw

    with pytest.raises(ModelError):
        install(write(lying), tmp_path / "models", [listed(lying)])


def test_a_file_larger_than_the_cap_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "LARGEST_FILE", 10)

    with pytest.raises(ModelTooLargeError, match="at most 10"):
        install(write(archive(*GOOD)), tmp_path / "models", [])


def test_a_model_with_another_hash_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD)

    with pytest.raises(ModelUnlistedError):
        install(write(raw + b"\0"), tmp_path / "models", [listed(raw)])


@pytest.mark.parametrize(
    "raw", [b"", b"no archive", archive(*GOOD)[:-30]], ids=["nothing", "text", "cut short"]
)
def test_what_is_no_archive_is_refused(
    raw: bytes, write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelUnreadableError):
        install(write(raw), tmp_path / "models", [listed(raw)])


def test_a_file_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnreadableError):
        install(tmp_path / "absent", tmp_path / "models", [])


def test_a_good_model_is_unpacked_below_its_hash_and_twice_is_once(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD, ("demo/stanza/big", "not used"))
    folder = tmp_path / "models"

    first = install(write(raw), folder, [listed(raw)])
    second = install(write(raw), folder, [listed(raw)])

    assert first == second
    assert [place.name for place in folder.iterdir()] == [sha256(raw).hexdigest()]
    assert (first.package / "model" / "model.bin").read_text() == "weights"
    assert not (first.package / "stanza").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "unpacked/model/model.bin").write_text("others"),
        lambda folder: (folder / "unpacked/model/model.bin").unlink(),
        lambda folder: (folder / "unpacked/model/more.bin").write_text("stray"),
        lambda folder: (folder / "package.argosmodel").write_bytes(b"other"),
        lambda folder: (folder / "package.argosmodel").unlink(),
        lambda folder: shutil.rmtree(folder / "unpacked"),
    ],
)
def test_an_installed_model_that_was_changed_is_refused(
    change: Callable[[Path], object], write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD)
    installed = install(write(raw), tmp_path / "models", [listed(raw)])
    change(installed.folder)

    with pytest.raises(ModelAlteredError):
        verify(installed)


def test_a_model_that_was_replaced_whole_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD)
    other = archive(*GOOD[:1], ("demo/model/model.bin", "others"), GOOD[2])
    installed = install(write(raw), tmp_path / "models", [listed(raw)])
    elsewhere = install(write(other), tmp_path / "elsewhere", [listed(other)])
    shutil.rmtree(installed.folder)
    shutil.copytree(elsewhere.folder, installed.folder)

    with pytest.raises(ModelAlteredError, match="expected the hash"):
        verify(installed)


def test_a_link_in_the_place_of_an_installed_file_is_refused(
    write: Callable[[bytes], Path], tmp_path: Path
) -> None:
    raw = archive(*GOOD)
    installed = install(write(raw), tmp_path / "models", [listed(raw)])
    weights = installed.package / "model" / "model.bin"
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ModelAlteredError):
        verify(installed)


def test_the_committed_demo_models_are_those_of_the_catalogue() -> None:
    demo = [model for model in read_catalogue() if model.demo]

    files = {model.file: (models.DEMO / model.file).read_bytes() for model in demo}

    assert {name: sha256(raw).hexdigest() for name, raw in files.items()} == {
        model.file: model.sha256 for model in demo
    }
    assert {(m.source, m.target) for m in demo} == {
        *(("vi", "en"), ("en", "vi"), ("zh", "en"), ("en", "zh"))
    }
    assert sum(map(len, files.values())) <= 1_700_000


def test_every_demo_model_says_that_it_is_not_for_casework(tmp_path: Path) -> None:
    for model in models.available(tmp_path):
        metadata = json.loads((model.package / "metadata.json").read_text())

        assert metadata["label"] == "demo, not for casework"


def test_a_stray_folder_beside_the_models_is_disregarded(tmp_path: Path) -> None:
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray" / "metadata.json").write_text("{")

    assert models.find_installed(tmp_path, read_catalogue()) == []


def test_a_real_model_takes_the_place_of_the_demo(
    write: Callable[[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = archive(*GOOD)
    real = replace(listed(raw), demo=False)
    monkeypatch.setattr(models, "read_catalogue", lambda: (*read_catalogue(), real))
    install(write(raw), tmp_path / "models", [real])

    chosen = {m.leg: m.listed for m in models.available(tmp_path / "models")}

    assert chosen[Language.VIETNAMESE, Language.ENGLISH] == real
    assert len(chosen) == 4
