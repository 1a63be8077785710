"""Pages of messages."""

from tessera.messaging.screens import link, log, settings, templates

__all__ = ["handlers", "link", "log", "settings", "templates"]

handlers = [*log.handlers, *templates.handlers, *settings.handlers, *link.handlers]
