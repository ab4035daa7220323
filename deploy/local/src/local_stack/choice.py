"""Which way Kafka, Postgres and the programs run: in Docker or as local processes. Pure; what is named comes first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local_stack import images

DOCKER_VARIABLE = "MIZAN_DOCKER"
_KAFKA_VARIABLE, _DATABASE_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """What a Docker engine says: whether it `answers`, and what it is `lacking` of what was asked for."""

    answers: bool
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """`remark`: one line for a person where Docker could not be used although it answers; else empty."""

    docker: bool
    remark: str = ""


def choose(
    environment: Mapping[str, str], needed: Sequence[str], ask: Callable[[Sequence[str]], EngineAnswer]
) -> Choice:
    """
    Docker, where MIZAN_DOCKER is not 0 and the engine has everything that is `needed`; else local processes.

    Args:
        environment: the user's.
        needed: images; none means that nothing is to be started in Docker.
        ask: asks the engine for them. Not called where the answer could change nothing.
    """
    if not needed or environment.get(DOCKER_VARIABLE) == "0":
        return Choice(docker=False)
    answer = ask(needed)
    if answer.answers and answer.lacking:
        lacking = ", ".join(answer.lacking)
        return Choice(
            docker=False, remark=f"Docker answers, but has no {lacking} and can't fetch it: using local processes"
        )
    return Choice(docker=answer.answers)


def images_of_the_system(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What compose needs; nothing where the environment names a server, which containers might not reach."""
    if environment.get(_KAFKA_VARIABLE) or environment.get(_DATABASE_VARIABLE):
        return ()
    return (images.KAFKA, images.POSTGRES, images.PYTHON)


def images_of_the_servers(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What tests need: the image of each server that the environment does not name."""
    servers = {_KAFKA_VARIABLE: images.KAFKA, _DATABASE_VARIABLE: images.POSTGRES}
    return tuple(image for variable, image in servers.items() if not environment.get(variable))
