"""The key that a command works under: a challenge's or, at a hospital, the one that its centre was given."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from concours.commands.error import CommandError
from concours.deid.identity import CentreKey, IdentityKey, KeyFileError, parse_key


def add_key_arguments(parser: ArgumentParser) -> None:
    """`--key-file` with `--centre`, or `--centre-key-file` alone."""
    parser.add_argument("--key-file", type=Path, help="the challenge's key: base64 of at least 32 random bytes")
    parser.add_argument("--centre-key-file", type=Path, help="the key of one centre, as its page on the site gives it")
    parser.add_argument(
        "--centre", help="inclusion centre; without it the issuer of the patient's number stands for it"
    )


def identity_key(arguments: Namespace) -> IdentityKey:
    """The key that the arguments name. Raises CommandError, which repeats no secret."""
    if bool(arguments.key_file) == bool(arguments.centre_key_file):
        raise CommandError("Name one key: --key-file of the challenge, or --centre-key-file of one centre.")
    if arguments.centre_key_file and arguments.centre is not None:
        raise CommandError("--centre-key-file is the key of one centre already; leave --centre out.")
    path: Path = arguments.centre_key_file or arguments.key_file
    try:
        secret = parse_key(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except KeyFileError as error:
        raise CommandError(str(error)) from None
    return CentreKey(secret) if arguments.centre_key_file else secret
