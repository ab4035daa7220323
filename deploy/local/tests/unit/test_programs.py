"""Every program gets the addresses of the others, and never a way to a real marketplace."""

from dataclasses import replace

from local_stack.config import StackConfig
from local_stack.programs import mizan_programs

CONFIG = replace(
    StackConfig.from_environment(
        {
            "ALLOCATION_MODE": "guide",
            "API_KEY": "chosen",
            "PORT": "80",
            "NOON_API_URL": "https://real.example",
            "NOON_SECRET_KEY": "real",
            "AMAZON_SQS_QUEUE_URL": "https://real.example/queue",
        }
    ),
    extra_environment={"POLL_SECONDS": "1", "AMAZON_REGION": "eu-north-1"},
)
TABLE = mizan_programs(CONFIG)
PROGRAMS = {program.name: program for program in (*TABLE.sandboxes, *TABLE.services)}


def test_the_programs_are_the_sandboxes_and_the_five_services() -> None:
    assert list(PROGRAMS) == [
        "sandbox-amazon",
        "sandbox-noon",
        "inventory",
        "amazon-connector",
        "noon-connector",
        "order-importer",
        "control",
    ]


def test_each_program_listens_on_its_own_port_whatever_the_users_environment_says() -> None:
    for name, program in PROGRAMS.items():
        assert program.environment["PORT"] == str(CONFIG.ports[name]) == str(program.port)


def test_services_are_asked_for_readyz_and_sandboxes_for_their_state() -> None:
    assert PROGRAMS["control"].ready_url == CONFIG.url("control") + "/readyz"
    assert PROGRAMS["sandbox-noon"].ready_url == CONFIG.url("sandbox-noon") + "/_sandbox/state"


def test_marketplaces_are_the_sandboxes_even_when_the_user_has_real_ones_set() -> None:
    environment = PROGRAMS["noon-connector"].environment
    assert environment["NOON_API_URL"] == CONFIG.url("sandbox-noon")
    assert environment["AMAZON_LWA_URL"] == CONFIG.url("sandbox-amazon") + "/auth/o2/token"
    assert environment["NOON_SECRET_KEY"] != "real"
    assert "AMAZON_SQS_QUEUE_URL" not in environment


def test_what_the_user_set_passes_through_and_the_extra_environment_wins() -> None:
    environment = PROGRAMS["inventory"].environment
    assert environment["ALLOCATION_MODE"] == "guide"
    assert environment["API_KEY"] == "chosen"
    assert environment["POLL_SECONDS"] == "1"
    assert environment["AMAZON_REGION"] == "eu-north-1"
