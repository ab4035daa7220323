"""docker-compose.yml and deploy/Dockerfile say what the tables of the local stack say, and keep the house's rules."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_stack import images, kafka, postgres
from local_stack.config import StackConfig, repository
from local_stack.ports import DEFAULT_PORTS, HOST, variable_of
from local_stack.programs import SANDBOXES, SERVICES, WITHHELD, shared_environment

ROOT: Path = repository()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
PROGRAMS = {**SANDBOXES, **SERVICES}
OURS = {name: container for name, container in CONTAINERS.items() if "build" in container}


def _with_defaults(value: str | None) -> str | None:
    """What compose makes of `value` where the user's environment sets nothing."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) if value else value


def _environment(name: str) -> dict[str, str]:
    variables = CONTAINERS[name]["environment"].items()
    return {key: text for key, value in variables if (text := _with_defaults(value)) is not None}


def test_the_containers_are_the_servers_the_topics_and_every_program() -> None:
    assert CONTAINERS.keys() == {"kafka", "postgres", "topics", *PROGRAMS}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gets_the_environment_of_the_local_stack(name: str) -> None:
    in_compose = StackConfig(
        folder=Path(),
        cache=Path(),
        ports=DEFAULT_PORTS,
        external_kafka="kafka:9092",
        external_database="postgresql://mizan:mizan@postgres:5432/mizan",
    )
    expected = {"PORT": str(DEFAULT_PORTS[name])}
    for key, value in shared_environment(in_compose).items():
        expected[key] = re.sub(
            rf"{re.escape(HOST)}:(\d+)", lambda found: f"{_name_of_port(found[1])}:{found[1]}", value
        )
    if name in SANDBOXES:
        expected["READY_PATH"] = "/_sandbox/state"
    assert _environment(name) == expected


def _name_of_port(port: str) -> str:
    return next(name for name, number in DEFAULT_PORTS.items() if number == int(port))


def test_every_setting_of_the_programs_can_be_set_from_outside() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    of_programs = example.split("# ---- local stack")[0] + example.split("# ---- sandboxes")[1]
    described = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", of_programs, flags=re.MULTILINE))
    assert len(described) > 40
    elsewhere = {"HOST", "PORT", "CONTROL_URL", "MIZAN_REPLAY_FOLDER"}  # the container's own, or the command's
    passed_on = CONTAINERS["inventory"]["environment"].keys()
    assert described - elsewhere - set(WITHHELD) - passed_on == set()
    assert passed_on & set(WITHHELD) == set(), "they lead to a real marketplace"


@pytest.mark.parametrize("name", [*PROGRAMS, "kafka", "postgres"])
def test_a_port_is_open_to_this_machine_only_and_can_be_chosen(name: str) -> None:
    inside = 5432 if name == "postgres" else DEFAULT_PORTS[name]
    assert CONTAINERS[name]["ports"] == [f"{HOST}:${{{variable_of(name)}:-{DEFAULT_PORTS[name]}}}:{inside}"]


def test_the_images_are_only_those_that_the_stack_names() -> None:
    others = {container["image"] for name, container in CONTAINERS.items() if name not in OURS}
    assert others == {images.KAFKA, images.POSTGRES}
    assert all(container["image"].startswith("mizan-") for container in OURS.values())
    stages = set(re.findall(r" AS (\w+)$", DOCKERFILE, flags=re.MULTILINE))
    based_on = set(re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE))
    copied_from = set(re.findall(r"--from=(\S+)", DOCKERFILE))
    assert based_on - stages == {images.PYTHON}
    assert copied_from <= stages


def test_every_program_is_built_by_the_one_dockerfile_from_its_own_package() -> None:
    packages = {name: container["build"]["args"]["SERVICE"] for name, container in OURS.items()}
    expected = {name: module.split(".")[0] for name, module in PROGRAMS.items()}
    assert packages == {**expected, "topics": "local_stack"}
    assert {container["build"]["dockerfile"] for container in OURS.values()} == {"deploy/Dockerfile"}


@pytest.mark.parametrize("name", [*OURS, "postgres"])
def test_a_container_cannot_write_to_its_root_file_system(name: str) -> None:
    assert CONTAINERS[name]["read_only"] is True


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_capabilities_and_gains_none(name: str) -> None:
    assert CONTAINERS[name]["cap_drop"] == ["ALL"]
    assert CONTAINERS[name]["security_opt"] == ["no-new-privileges:true"]


def test_every_volume_has_a_name_so_that_down_with_purge_finds_it() -> None:
    mounted = {each.partition(":")[0] for container in CONTAINERS.values() for each in container.get("volumes", ())}
    assert mounted == COMPOSE["volumes"].keys()


def test_no_program_runs_as_root() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    (user,) = re.findall(r"^USER (\d+):\d+$", last_stage, flags=re.MULTILINE)
    assert int(user) > 0
    assert all("user" not in container for container in OURS.values())
    assert CONTAINERS["postgres"]["user"] == "postgres"


def test_everything_that_goes_on_running_has_a_health_check() -> None:
    assert DOCKERFILE.rpartition("\nFROM ")[2].count("\nHEALTHCHECK ") == 1
    assert {name for name, container in OURS.items() if "healthcheck" in container} == {"topics"}
    for name in CONTAINERS.keys() - OURS.keys():
        assert CONTAINERS[name]["healthcheck"]["test"][0] == "CMD"


def test_services_wait_for_the_topics_and_for_postgres() -> None:
    for name in SERVICES:
        needed = {other: how["condition"] for other, how in CONTAINERS[name]["depends_on"].items()}
        assert needed.items() >= {("topics", "service_completed_successfully"), ("postgres", "service_healthy")}
    assert CONTAINERS["topics"]["command"] == ["python", "-m", "local_stack", "topics"]


def test_the_servers_have_the_settings_of_the_local_stacks() -> None:
    node = {kafka.variable_of(key): value for key, value in kafka.NODE_SETTINGS.items()}
    assert node.items() <= CONTAINERS["kafka"]["environment"].items()
    flags = CONTAINERS["postgres"]["command"]
    settings = {"max_connections": str(postgres.MAX_CONNECTIONS), **postgres.IN_UTC}
    assert {f"-c{key}={value}" for key, value in settings.items()} <= set(flags)
