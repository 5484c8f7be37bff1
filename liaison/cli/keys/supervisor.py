"""``liaison keys supervisor-new``: a supervisor's token, and the public key for the certificate."""

from pathlib import Path
from typing import Annotated

import typer

from crypto.seal.oversight import new_token
from crypto.seal.primitives import self_test
from liaison.cli.console import NewPassphraseOption, command, read_new_passphrase, say
from liaison.runtime.seeds import write_private

app = typer.Typer(no_args_is_help=True)

PUBLIC_SUFFIX = ".pub"


@app.command("supervisor-new")
@command
async def supervisor_new(
    token: Annotated[Path, typer.Argument(help="A new file, on the supervisor's own stick.")],
    new_passphrase_fd: NewPassphraseOption = None,
) -> None:
    """Make a supervisor's token, and the public key that the desk's certificate names."""
    self_test()
    made, key = new_token(read_new_passphrase(new_passphrase_fd, f"New passphrase of {token}"))
    write_private(token, made)
    public = token.with_name(token.name + PUBLIC_SUFFIX)
    public.write_bytes(key.public)
    say(f"public {public}")
    say(f"supervisor {key.kid.hex()}")
