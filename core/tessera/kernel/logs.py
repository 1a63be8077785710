"""One structured line for each thing worth knowing, with the request it belongs to."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def set_up_logging(*, human: bool | None = None, level: int = logging.INFO) -> None:
    """Log to standard error: lines for people on a terminal, JSON elsewhere.

    Lines of libraries that use the standard module pass through the same chain.
    """
    human = sys.stderr.isatty() if human is None else human
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    # Rich's tracebacks show the values of variables, which may be people's or passwords.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = console if human else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    final: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not human:
        final.append(structlog.processors.format_exc_info)
    formatter = structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*final, renderer])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("saq", "httpx", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for pool in ("asyncpg.pool", "psycopg.pool"):  # while the database is away, each retry would be a traceback
        logging.getLogger(pool).setLevel(logging.ERROR)


def logger(name: str) -> Any:
    """The logger of a module or plugin."""
    return structlog.stdlib.get_logger(name)
