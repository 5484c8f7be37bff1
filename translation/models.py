"""Models on disk: admitted by their hash, unpacked by our own rules, verified before each use.

A model is a zip archive (.argosmodel). It is used only if its SHA-256 stands in models.toml; then
it is copied to ``FOLDER/<sha256>/`` and unpacked there member by member, none but the known ones,
under one root, no links, no more bytes than it declared. The folder gets its name by one rename at
the end, so a half-installed model does not exist. Before each start of a worker the kept archive is
hashed again and every unpacked file compared with it. Other folders beside it are disregarded.
"""

import json
import shutil
import stat
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath

from translation.errors import (
    ModelAlteredError,
    ModelShapeError,
    ModelTooLargeError,
    ModelUnlistedError,
    ModelUnreadableError,
)
from translation.languages import Language

CATALOGUE = Path(__file__).parent / "models.toml"
DEMO = Path(__file__).parent / "demo"

LARGEST_FILE = 200 * 1024 * 1024  # the largest of the listed packages is 75 MB
LARGEST_UNPACKED = 400 * 1024 * 1024
MOST_MEMBERS = 64
PACKAGE, UNPACKED = "package.argosmodel", "unpacked"

#: What a model may hold, below its one root. The rest of the archive is refused ...
MEMBERS = frozenset(
    {
        *("metadata.json", "README.md", "LICENSE", "sentencepiece.model", "bpe.model"),
        *("model/model.bin", "model/config.json", "model/vmap.txt"),
        *(f"model/{which}_vocabulary.json" for which in ("shared", "source", "target")),
        *(f"model/{which}_vocabulary.txt" for which in ("shared", "source", "target")),
    }
)
#: ... but for folders that published packages have and that we neither unpack nor use.
LEFT_PACKED = ("stanza", "spacy", "minisbd")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model that may be installed.

    ``chrf_floor`` is the back-translation score (0 to 100) below which a result is refused, None
    while nobody has calibrated it. ``beam`` is the number of continuations that the engine weighs;
    4 is its own default.
    """

    file: str
    source: Language
    target: Language
    sha256: str
    size: int
    licence: str
    demo: bool = False
    chrf_floor: float | None = None
    beam: int = 4


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A listed model in its folder."""

    listed: ListedModel
    folder: Path

    @property
    def package(self) -> Path:
        """Return the folder that the engine reads."""
        return self.folder / UNPACKED

    @property
    def leg(self) -> tuple[Language, Language]:
        """Return the step of a path that the model goes."""
        return self.listed.source, self.listed.target


def read_catalogue(file: Path = CATALOGUE) -> tuple[ListedModel, ...]:
    """Return the models that may be installed."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))["model"]
    return tuple(
        ListedModel(
            **table | {"source": Language(table["source"]), "target": Language(table["target"])}
        )
        for table in tables
    )


def install(file: Path, folder: Path, catalogue: Sequence[ListedModel]) -> InstalledModel:
    """Return the model of ``file`` installed below ``folder``; twice is the same as once.

    Raises:
        ModelUnreadableError: no such file, or no zip archive.
        ModelTooLargeError: larger than the caps, packed or unpacked.
        ModelUnlistedError: its hash is not in ``catalogue``.
        ModelShapeError: its members are not those of a model, or of another language pair.
        ModelAlteredError: it is installed already and no longer what it was.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    work = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        copy = _copy(file, work / PACKAGE)
        listed = _listed(copy, catalogue)
        place = folder / listed.sha256
        if place.exists():
            return verify(InstalledModel(listed, place))
        _unpack(copy, work / UNPACKED, listed)
        work.rename(place)
        return InstalledModel(listed, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def find_installed(folder: Path, catalogue: Iterable[ListedModel]) -> list[InstalledModel]:
    """Return the listed models whose folders lie in ``folder``, not yet verified."""
    places = [InstalledModel(listed, folder / listed.sha256) for listed in catalogue]
    return [model for model in places if model.folder.is_dir()]


def available(folder: Path) -> list[InstalledModel]:
    """Return one model for each leg: what is installed in ``folder``, else the demo model.

    Raises:
        ModelError: a demo model of the product is not the one that the catalogue lists.
    """
    catalogue = read_catalogue()
    found = find_installed(folder, [model for model in catalogue if not model.demo])
    legs = {model.leg for model in found}
    demo = [m for m in catalogue if m.demo and (m.source, m.target) not in legs]
    return [*found, *(install(DEMO / model.file, folder, catalogue) for model in demo)]


def verify(model: InstalledModel) -> InstalledModel:
    """Return ``model`` if archive and unpacked files are those that were installed.

    Raises:
        ModelAlteredError: a file differs, is missing or is one too many.
    """
    try:
        with (model.folder / PACKAGE).open("rb") as package:
            found = file_digest(package, "sha256").hexdigest()
        if found != model.listed.sha256:
            raise ModelAlteredError(f"expected the hash {model.listed.sha256}; found {found}")
        _compare(model)
    except (OSError, zipfile.BadZipFile) as e:
        raise ModelAlteredError(f"model {model.listed.file}: {type(e).__name__}") from e
    return model


def _copy(file: Path, to: Path) -> Path:
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise ModelTooLargeError(f"model of {size} bytes; at most {LARGEST_FILE} are allowed")
        shutil.copyfile(file, to)
    except OSError as e:
        raise ModelUnreadableError(f"model {file.name}: {type(e).__name__}") from e
    return to


def _listed(copy: Path, catalogue: Sequence[ListedModel]) -> ListedModel:
    with copy.open("rb") as package:
        found = file_digest(package, "sha256").hexdigest()
    listed = next((model for model in catalogue if model.sha256 == found), None)
    if listed is None:
        raise ModelUnlistedError(f"expected the hash of a listed model; found {found}")
    return listed


def _unpack(package: Path, to: Path, listed: ListedModel) -> None:
    try:
        with zipfile.ZipFile(package) as archive:
            for name, member in _members(archive).items():
                target = to / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(_read(archive, member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as e:
        raise ModelUnreadableError(f"model {listed.file}: {type(e).__name__}") from e
    _check_metadata(to / "metadata.json", listed)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return what is to be unpacked, by its path below the root."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ModelTooLargeError(f"{len(members)} members; at most {MOST_MEMBERS} are allowed")
    total = sum(member.file_size for member in members)
    if total > LARGEST_UNPACKED:
        raise ModelTooLargeError(f"unpacks to {total} bytes; at most {LARGEST_UNPACKED} allowed")
    roots = {PurePosixPath(member.filename).parts[:1] for member in members}
    if len(roots) != 1:
        raise ModelShapeError(f"expected one root folder; found {len(roots)}")
    kept: dict[str, zipfile.ZipInfo] = {}
    for number, member in enumerate(members):
        name = _checked_name(member, number)
        if name and name not in kept:
            kept[name] = member
        elif name:
            raise ModelShapeError(f"member {number}: its name is taken already")
    return kept


def _checked_name(member: zipfile.ZipInfo, number: int) -> str:
    """Return the path below the root, empty for what stays packed."""
    path = PurePosixPath(member.filename)
    mode = member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or "\\" in member.orig_filename:
        raise ModelShapeError(f"member {number}: expected a path inside the archive")
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise ModelShapeError(f"member {number}: expected a plain file, found a link or device")
    below = PurePosixPath(*path.parts[1:])
    if member.is_dir() or below.parts[:1] in {(name,) for name in LEFT_PACKED}:
        return ""
    if str(below) not in MEMBERS:
        raise ModelShapeError(f"member {number}: expected a file of a model, found another")
    return str(below)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the member's bytes; never more than it declared, whatever its data say."""
    with archive.open(member) as stream:
        content = stream.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise ModelShapeError(f"expected {member.file_size} bytes as declared; found others")
    return content


def _check_metadata(file: Path, listed: ListedModel) -> None:
    try:
        found = json.loads(file.read_bytes())
        pair = (found["from_code"], found["to_code"], found.get("type", "translate"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise ModelShapeError(f"metadata.json: {type(e).__name__}") from e
    if pair != (listed.source, listed.target, "translate"):
        raise ModelShapeError(f"metadata.json: expected {listed.source} to {listed.target}")


def _compare(model: InstalledModel) -> None:
    present = {p for p in model.package.rglob("*") if p.is_symlink() or not p.is_dir()}
    with zipfile.ZipFile(model.folder / PACKAGE) as archive:
        members = _members(archive)
        if present != {model.package / name for name in members}:
            raise ModelAlteredError("expected the files that were installed; found others")
        for name, member in members.items():
            path = model.package / name
            if path.is_symlink() or sha256(path.read_bytes()).digest() != _digest(archive, member):
                raise ModelAlteredError(f"{name} is not as it was installed")


def _digest(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    return sha256(_read(archive, member)).digest()
