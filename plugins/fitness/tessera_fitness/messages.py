"""What a gym says to its members."""

from __future__ import annotations

from tessera_hooks import MessageTemplate, _

we_miss_you = MessageTemplate(
    "we_miss_you",
    title=_("We miss you"),
    purpose="marketing",
    subject={
        "en": "{{ member.name }}, your spot is waiting",
        "zh_Hans": "{{ member.name }}，好久不见",
    },
    body={
        "en": (
            "Hi {{ member.name }},\n\n"
            "we have not seen you for a while and hope you are well. Drop in when it suits you: "
            "even half an hour counts, and we are glad to help you start again.\n\n"
            "See you soon,\n{{ business.name }}"
        ),
        "zh_Hans": (
            "{{ member.name }}，您好！\n\n"
            "有一阵子没见到您了，一切都好吗？方便的时候过来坐坐、动一动，"
            "哪怕半小时也好，我们随时陪您重新开始。\n\n"
            "期待再见\n{{ business.name }}"
        ),
    },
)
