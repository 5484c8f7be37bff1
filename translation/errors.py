"""What can be wrong with a model or the engine.

None of these reaches a reader: the pipeline turns them into findings and shows the original. They
are raised to whoever installs a model or names one on the command line. Messages never hold text.
"""


class TranslationError(Exception):
    """Something of the translation cannot be used. ``code`` is stable."""

    code = "translation"


class ModelError(TranslationError):
    """A model cannot be used."""

    code = "model"


class ModelUnreadableError(ModelError):
    """The file is missing, cannot be read or is no archive."""

    code = "model.unreadable"


class ModelTooLargeError(ModelError):
    """The file or what it would unpack to is larger than allowed."""

    code = "model.too_large"


class ModelUnlistedError(ModelError):
    """The file's hash is not in the catalogue of models."""

    code = "model.unlisted"


class ModelShapeError(ModelError):
    """The archive holds something that a model does not: a link, a path outside, a second root."""

    code = "model.shape"


class ModelAlteredError(ModelError):
    """An installed model is no longer what was installed."""

    code = "model.altered"


class EngineError(TranslationError):
    """The worker gave no translation."""

    code = "engine"


class EngineCrashedError(EngineError):
    """The worker ended, or could not be started."""

    code = "engine.crashed"


class EngineTimedOutError(EngineError):
    """The worker took longer than a sentence may take."""

    code = "engine.timed_out"


class EngineRefusedError(EngineError):
    """The model could not translate this sentence; the worker goes on."""

    code = "engine.refused"


class EngineClosedError(EngineError):
    """The engine was closed, as when the desk is locked."""

    code = "engine.closed"
