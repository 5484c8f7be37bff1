"""Published test vectors (Project Wycheproof), which lie beside the repository."""

import json
from typing import Any, cast

from tests.support.requirements import require


def wycheproof(name: str) -> dict[str, Any]:
    """Return the vector file ``name`` (such as ``ed25519_test.json``) as parsed JSON."""
    folder = require("vectors")
    return cast("dict[str, Any]", json.loads((folder / name).read_text(encoding="utf-8")))
