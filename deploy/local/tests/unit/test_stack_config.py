"""The stack's settings come from the environment, with defaults that work on any machine."""

from pathlib import Path

import pytest
from local_stack.config import StackConfig
from local_stack.errors import StackError
from local_stack.ports import DEFAULT_PORTS


def test_an_empty_environment_gives_the_default_ports_under_var_stack() -> None:
    config = StackConfig.from_environment({})
    assert config.ports == DEFAULT_PORTS
    assert config.folder.parts[-2:] == ("var", "stack")
    assert (config.folder.parents[1] / "pyproject.toml").exists()
    assert config.bootstrap_servers == "127.0.0.1:29092"
    assert config.database_url == "postgresql://mizan@127.0.0.1:25432/mizan"


def test_each_port_can_be_overridden() -> None:
    config = StackConfig.from_environment({"MIZAN_AMAZON_CONNECTOR_PORT": "18002", "MIZAN_KAFKA_CONTROLLER_PORT": "1"})
    assert config.ports == {**DEFAULT_PORTS, "amazon-connector": 18002, "kafka-controller": 1}
    assert config.url("amazon-connector") == "http://127.0.0.1:18002"


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.5"])
def test_what_is_no_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(StackError, match=f"MIZAN_CONTROL_PORT={text} is no port"):
        StackConfig.from_environment({"MIZAN_CONTROL_PORT": text})


def test_servers_that_the_environment_names_are_used_and_their_ports_not_needed() -> None:
    config = StackConfig.from_environment({"KAFKA_BOOTSTRAP_SERVERS": "k:9092", "DATABASE_URL": "postgresql://u@h/d"})
    assert (config.bootstrap_servers, config.database_url) == ("k:9092", "postgresql://u@h/d")
    assert not {"kafka", "kafka-controller", "postgres"} & config.own_ports().keys()


def test_the_cache_follows_the_users_choice(tmp_path: Path) -> None:
    xdg = {"XDG_CACHE_HOME": str(tmp_path / "xdg")}
    assert StackConfig.from_environment(xdg).cache == tmp_path / "xdg" / "mizan"
    assert StackConfig.from_environment({**xdg, "MIZAN_CACHE": str(tmp_path)}).cache == tmp_path / "mizan"


def test_passwords_do_not_show_in_the_config() -> None:
    config = StackConfig.from_environment({"DATABASE_URL": "postgresql://u:hidden-word@h/d"})
    assert "hidden-word" not in repr(config)
