"""What can be wrong with settings, a corridor or the catalogue.

Every class carries a stable ``code``; a message names the place, what was expected and what was
found. A value of a setting is quoted only where it cannot be a secret.
"""


class ConfigError(Exception):
    """A configured value cannot be used. ``code`` is stable: logs, tests and screens rely on it."""

    code = "config"


class FileUnreadableError(ConfigError):
    """A file is missing, is not UTF-8 or is not TOML."""

    code = "config.file"


class UnknownKeyError(ConfigError):
    """A table holds a key that the schema does not know."""

    code = "config.unknown_key"


class MissingKeyError(ConfigError):
    """A table lacks a key that has no default."""

    code = "config.missing_key"


class WrongTypeError(ConfigError):
    """A value is of another type than the schema says."""

    code = "config.type"


class WrongValueError(ConfigError):
    """A value is of the right type and out of its range."""

    code = "config.value"


class UnknownNameError(ConfigError):
    """A lookup or a reference names an agency, desk or corridor that does not exist."""

    code = "config.unknown_name"


class DuplicateNameError(ConfigError):
    """Two entries carry the same name."""

    code = "config.duplicate"


class InsecureError(ConfigError):
    """A setting would put a service on the network without TLS."""

    code = "config.insecure"


class SecretInSettingsError(ConfigError):
    """A setting holds a secret; settings are readable files and never do."""

    code = "config.secret"


class CatalogueFileError(ConfigError):
    """A file of the catalogue has a wrong shape."""

    code = "config.catalogue"
