"""What is missing is said in one line that tells what to install."""

from pathlib import Path

import pytest
from local_stack.errors import MissingPrerequisiteError
from local_stack.kafka_jars import kafka_jars
from local_stack.prerequisites import find_java, java_major_version


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime', 17),
        ('java version "1.8.0_292"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("command not understood", None),
    ],
)
def test_the_version_of_java_is_read_from_what_it_prints(printed: str, major: int | None) -> None:
    assert java_major_version(printed) == major


def _unheard(line: str) -> None:
    """Progress is not what these tests look at."""


def _fake_java(folder: Path, version: str) -> str:
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return str(java)


async def test_without_java_one_line_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingPrerequisiteError, match=r"^no java found: install a JDK 17 or newer") as refusal:
        await find_java(str(tmp_path))
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 2


async def test_a_java_that_is_too_old_is_refused_with_its_version(tmp_path: Path) -> None:
    java = _fake_java(tmp_path, "11.0.2")
    with pytest.raises(MissingPrerequisiteError, match=f"^{java} is Java 11: install a JDK 17 or newer"):
        await find_java(str(tmp_path))


async def test_a_new_enough_java_is_used(tmp_path: Path) -> None:
    java = _fake_java(tmp_path, "21.0.1")
    assert await find_java(str(tmp_path)) == java


async def test_without_maven_one_line_says_what_to_install_and_nothing_half_is_left(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(MissingPrerequisiteError, match=r"^no mvn found: install Maven"):
        await kafka_jars(cache, str(tmp_path), _unheard)
    assert not cache.exists()


async def test_a_failed_fetch_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\nexit 0\n")
    maven.chmod(0o755)
    cache = tmp_path / "cache"
    with pytest.raises(Exception, match="brought no Kafka"):
        await kafka_jars(cache, str(tmp_path), _unheard)
    assert list(cache.iterdir()) == []
