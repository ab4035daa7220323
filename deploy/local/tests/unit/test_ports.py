"""Ports that are taken are named with who holds them."""

import os
import socket
from collections.abc import Iterator

import pytest
from local_stack.errors import StackError
from local_stack.ports import DEFAULT_PORTS, HOST, free_ports, require_free


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_named_with_its_program_its_holder_and_the_way_out(taken_port: int) -> None:
    free = free_ports(["control"])
    with pytest.raises(StackError) as refusal:
        require_free({"order-importer": taken_port, **free})
    line = str(refusal.value)
    assert line.startswith(f"port {taken_port} (order-importer) is taken by pid {os.getpid()} (")
    assert line.endswith("): stop it, or set MIZAN_ORDER_IMPORTER_PORT")


def test_every_taken_port_has_a_line_of_its_own(taken_port: int) -> None:
    with pytest.raises(StackError) as refusal:
        require_free({"inventory": taken_port, "control": taken_port})
    assert len(str(refusal.value).splitlines()) == 2


def test_free_ports_differ_and_can_be_listened_on() -> None:
    ports = free_ports(DEFAULT_PORTS)
    assert set(ports) == set(DEFAULT_PORTS)
    assert len(set(ports.values())) == len(ports)
    require_free(ports)
