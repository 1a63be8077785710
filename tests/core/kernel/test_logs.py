"""What the log says of an accident, and what it keeps to itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tessera.kernel.logs import logger, set_up_logging


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """Logging as the test found it, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("human", [True, False])
def test_a_traceback_shows_no_values_of_variables(as_it_was, capsys, human):
    set_up_logging(human=human)
    password = "sword" + "fish"
    try:
        raise RuntimeError("no")
    except RuntimeError as problem:
        logger("tessera.test").error("failed", exc_info=problem)
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert password not in said
