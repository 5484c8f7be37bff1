"""The committed demo models, installed once, and a translator that runs them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.load import load_catalogue
from translation.engine import Limits
from translation.models import InstalledModel, available
from translation.translator import Translator

SEED = load_catalogue()
#: Short enough that a worker that hangs does not stop the tests.
LIMITS = Limits(sentence_seconds=30)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[InstalledModel]:
    return available(tmp_path_factory.mktemp("models"))


@pytest.fixture
async def translator(models: list[InstalledModel]) -> AsyncIterator[Translator]:
    async with Translator(models, SEED, limits=LIMITS) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"
