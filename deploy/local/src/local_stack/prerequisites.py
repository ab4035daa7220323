"""Finds the programs that must be installed, or says which to install."""

import re
import shutil

from local_stack.command import run_to_end
from local_stack.errors import MissingPrerequisiteError

OLDEST_JAVA = 17
_INSTALL_JAVA = (
    "install a JDK 17 or newer (Debian: apt-get install openjdk-17-jdk-headless; macOS: brew install openjdk@17) "
    "and put java on PATH, or name a running Kafka with KAFKA_BOOTSTRAP_SERVERS"
)
_INSTALL_MAVEN = (
    "install Maven (Debian: apt-get install maven; macOS: brew install maven), which fetches Kafka once, "
    "or name a running Kafka with KAFKA_BOOTSTRAP_SERVERS"
)


def java_major_version(printed: str) -> int | None:
    """The major version in what `java -version` printed ("17.0.15" is 17, "1.8.0_292" is 8); None where it has none."""
    match = re.search(r'version "(?:1\.)?(\d+)', printed)
    return int(match[1]) if match else None


async def find_java(path: str | None = None) -> str:
    """
    The java on `path` (default: PATH), once it is known to be new enough.

    Raises:
        MissingPrerequisiteError: there is none, or it is older than Java 17.
    """
    java = shutil.which("java", path=path)
    if java is None:
        raise MissingPrerequisiteError(f"no java found: {_INSTALL_JAVA}")
    major = java_major_version(await run_to_end([java, "-version"], timeout_s=30))
    if major is None or major < OLDEST_JAVA:
        raise MissingPrerequisiteError(f"{java} is Java {major or 'of an unknown version'}: {_INSTALL_JAVA}")
    return java


def find_maven(path: str | None = None) -> str:
    """
    The mvn on `path` (default: PATH).

    Raises:
        MissingPrerequisiteError: there is none.
    """
    maven = shutil.which("mvn", path=path)
    if maven is None:
        raise MissingPrerequisiteError(f"no mvn found: {_INSTALL_MAVEN}")
    return maven
