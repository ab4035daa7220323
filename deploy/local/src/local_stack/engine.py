"""Asks the Docker engine, through the command `docker`: does it answer, which images has it, which can it fetch?"""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

from local_stack.choice import EngineAnswer
from local_stack.errors import MissingPrerequisiteError

COMPOSE_PLUGIN = "compose plugin"
_ANSWER_TIMEOUT_S = 10.0
_PULL_TIMEOUT_S = 900.0


class Engine:
    """
    The engine that the command `docker` on the environment's PATH speaks to.

    Args:
        environment: all of the command's.
        report: takes one line for a person before something that may take minutes.
    """

    def __init__(self, environment: Mapping[str, str], report: Callable[[str], None]) -> None:
        self._environment = environment
        self._report = report

    def ask(self, images: Sequence[str]) -> EngineAnswer:
        """Whether it answers, and which of `images` it neither has nor can fetch."""
        if not self._succeeds("version"):
            return EngineAnswer(answers=False)
        return EngineAnswer(answers=True, lacking=tuple(image for image in images if not self._obtain(image)))

    def ask_for_compose(self, images: Sequence[str]) -> EngineAnswer:
        """The same, and whether `docker compose` is there too."""
        if not self._succeeds("version"):
            return EngineAnswer(answers=False)
        if not self._succeeds("compose", "version"):
            return EngineAnswer(answers=True, lacking=(COMPOSE_PLUGIN,))
        return self.ask(images)

    def has_image(self, image: str) -> bool:
        """Whether it is here already."""
        return self._succeeds("image", "inspect", image)

    def containers_of(self, project: str, *filters: str) -> tuple[str, ...]:
        """The ids of the containers of a compose project, stopped ones too; none where no engine answers."""
        labelled = f"label=com.docker.compose.project={project}"
        asked = [f"--filter={each}" for each in (labelled, *filters)]
        listing = self._run("ps", "--all", "--quiet", *asked, timeout_s=_ANSWER_TIMEOUT_S)
        return tuple(listing.split()) if listing else ()

    def restarts(self, container: str) -> int:
        """How often the engine started `container` again."""
        counted = self._run("inspect", "--format={{.RestartCount}}", container, timeout_s=_ANSWER_TIMEOUT_S)
        return int(counted or 0)

    def _obtain(self, image: str) -> bool:
        if self.has_image(image):
            return True
        self._report(f"Docker: fetching {image}")
        return self._run("pull", "--quiet", image, timeout_s=_PULL_TIMEOUT_S) is not None

    def _succeeds(self, *words: str) -> bool:
        return self._run(*words, timeout_s=_ANSWER_TIMEOUT_S) is not None

    def _run(self, *words: str, timeout_s: float) -> str | None:
        """What `docker <words>` printed; None where it failed, took too long or is not installed."""
        docker = shutil.which("docker", path=self._environment.get("PATH"))
        if docker is None:
            return None
        try:
            ended = subprocess.run(  # noqa: S603 - our own arguments
                [docker, *words],
                env=dict(self._environment),
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ended.stdout if ended.returncode == 0 else None


def docker_command(environment: Mapping[str, str]) -> str:
    """
    The `docker` on PATH.

    Raises:
        MissingPrerequisiteError: there is none.
    """
    docker = shutil.which("docker", path=environment.get("PATH"))
    if docker is None:
        raise MissingPrerequisiteError("no docker found: install Docker, or set MIZAN_DOCKER=0 for local processes")
    return docker
