"""`python -m sandbox.amazon`: serve the Amazon stand-in on PORT (8102)."""

import sys

from sandbox.amazon.app import build
from sandbox.amazon.settings import read_settings
from sandbox.server import run

if __name__ == "__main__":
    sys.exit(
        run("sandbox.amazon", 8102, lambda environment: build(read_settings(environment), seed=environment.seed()))
    )
