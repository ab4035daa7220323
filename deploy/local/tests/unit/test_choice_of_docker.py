"""What the environment names comes first, then Docker, then local processes."""

from collections.abc import Sequence

import pytest
from local_stack.choice import Choice, EngineAnswer, choose, images_of_the_servers, images_of_the_system

NEEDED = ("kafka-image", "postgres-image")
PROCESSES, DOCKER = Choice(docker=False), Choice(docker=True)


def _unasked(_: Sequence[str]) -> EngineAnswer:
    pytest.fail("the engine is asked although its answer could change nothing")


def test_an_engine_that_has_everything_is_used() -> None:
    asked: list[Sequence[str]] = []

    def answer(needed: Sequence[str]) -> EngineAnswer:
        asked.append(needed)
        return EngineAnswer(answers=True)

    assert choose({}, NEEDED, answer) == DOCKER
    assert choose({"MIZAN_DOCKER": "1"}, NEEDED, answer) == DOCKER
    assert asked == [NEEDED, NEEDED]


def test_without_an_engine_local_processes_are_used_without_a_word() -> None:
    assert choose({}, NEEDED, lambda _: EngineAnswer(answers=False)) == PROCESSES


def test_mizan_docker_0_means_local_processes_and_the_engine_is_left_alone() -> None:
    assert choose({"MIZAN_DOCKER": "0"}, NEEDED, _unasked) == PROCESSES


def test_where_everything_is_named_the_engine_is_left_alone() -> None:
    assert choose({}, (), _unasked) == PROCESSES


def test_an_engine_that_lacks_images_and_cannot_fetch_them_is_not_used_and_one_line_says_so() -> None:
    choice = choose({}, NEEDED, lambda _: EngineAnswer(answers=True, lacking=("kafka-image",)))
    assert choice == Choice(
        docker=False, remark="Docker answers, but has no kafka-image and can't fetch it: using local processes"
    )


def test_tests_need_the_image_of_each_server_that_is_not_named() -> None:
    kafka, postgres = {"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}, {"DATABASE_URL": "postgresql://u@h/d"}
    assert images_of_the_servers({}) == ("apache/kafka:4.1.1", "postgres:17")
    assert images_of_the_servers(kafka) == ("postgres:17",)
    assert images_of_the_servers(postgres) == ("apache/kafka:4.1.1",)
    assert images_of_the_servers({**kafka, **postgres}) == ()


def test_the_whole_system_runs_in_docker_only_where_no_server_is_named() -> None:
    assert images_of_the_system({}) == ("apache/kafka:4.1.1", "postgres:17", "python:3.13-slim")
    assert images_of_the_system({"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}) == ()
    assert images_of_the_system({"DATABASE_URL": "postgresql://u@h/d"}) == ()
