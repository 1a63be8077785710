"""What can be done with messages."""

from tessera.messaging.service.decide import CHANNELS, REASONS, Decision, Verdict, consider, judge
from tessera.messaging.service.delivery import Delivered, deliver_due, send_test
from tessera.messaging.service.holding import give_up_sending
from tessera.messaging.service.links import Subscription, link_of, public_url, subscription, unsubscribe, use_public_url
from tessera.messaging.service.log import STATES, TONES, LogPage, MessageLine, counts, message, messages
from tessera.messaging.service.modes import (
    MODES,
    mode,
    modes_of_stores,
    set_mode,
    set_test_addresses,
    test_addresses,
)
from tessera.messaging.service.preview import Preview, preview
from tessera.messaging.service.render import check_template, render
from tessera.messaging.service.smtp import (
    SECURITY,
    MailServerUnavailable,
    SmtpSettings,
    change_smtp,
    password,
    smtp_settings,
)
from tessera.messaging.service.texts import (
    LANGUAGES,
    Template,
    TemplateUnknown,
    change_template,
    code_of,
    declared,
    reset_template,
    template,
    templates,
    title_of,
)

__all__ = [
    "CHANNELS",
    "LANGUAGES",
    "MODES",
    "REASONS",
    "SECURITY",
    "STATES",
    "TONES",
    "Decision",
    "Delivered",
    "LogPage",
    "MailServerUnavailable",
    "MessageLine",
    "Preview",
    "SmtpSettings",
    "Subscription",
    "Template",
    "TemplateUnknown",
    "Verdict",
    "change_smtp",
    "change_template",
    "check_template",
    "code_of",
    "consider",
    "counts",
    "declared",
    "deliver_due",
    "give_up_sending",
    "judge",
    "link_of",
    "message",
    "messages",
    "mode",
    "modes_of_stores",
    "password",
    "preview",
    "public_url",
    "render",
    "reset_template",
    "send_test",
    "set_mode",
    "set_test_addresses",
    "smtp_settings",
    "subscription",
    "template",
    "templates",
    "test_addresses",
    "title_of",
    "unsubscribe",
    "use_public_url",
]
