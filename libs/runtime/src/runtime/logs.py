"""JSON logs, one line an entry, for our own loggers and the libraries' alike."""

import logging
import sys

import structlog

from runtime.tracing import current_trace_id

_QUIET = {
    "aiokafka": logging.ERROR,
    "alembic": logging.WARNING,
    "faststream": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn.access": logging.WARNING,
}

_tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
"""Without the frames' variables: they may hold a token or a buyer's name."""


def configure(service: str, level: str) -> None:
    """Send every log of this process to standard output as JSON, with the service's name."""

    def name_service(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        entry["service"] = service
        return entry

    def name_trace(_: object, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        trace_id = current_trace_id()
        if trace_id is not None:
            entry["trace_id"] = trace_id
        return entry

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_tracebacks),
        name_service,
        name_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, quiet_level in _QUIET.items():
        logging.getLogger(name).setLevel(quiet_level)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
