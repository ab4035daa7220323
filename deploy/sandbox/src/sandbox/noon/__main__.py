"""`python -m sandbox.noon`: serve the Noon stand-in on PORT (8103)."""

import sys

from sandbox.noon.app import build
from sandbox.noon.settings import read_settings
from sandbox.server import run

if __name__ == "__main__":
    sys.exit(run("sandbox.noon", 8103, lambda environment: build(read_settings(environment), seed=environment.seed())))
