"""Where the workspace keeps what is generated from the contracts, and what was released. Paths from its root."""

from pathlib import Path

WORKSPACE = Path(__file__).resolve().parents[4]
SCHEMAS = Path("libs/contracts/schemas")
EXAMPLES = Path("libs/contracts/examples")
RELEASED_SCHEMAS = SCHEMAS / "released"
RELEASED_EXAMPLES = EXAMPLES / "released"
ASYNCAPI = Path("libs/contracts/asyncapi.json")
TYPESCRIPT = Path("libs/contracts/typescript/events.ts")
PAGE = Path("docs/events.md")


def schema_file(event_type: str) -> str:
    """The name of the file that holds the JSON Schema of `event_type`."""
    return f"{event_type}.schema.json"
