"""What can be done with tasks."""

from tessera.tasks.service.failures import report_plugin_failures, report_until
from tessera.tasks.service.listing import Page, TaskView, count_open, task, tasks
from tessera.tasks.service.work import OUTCOMES, TaskDone, TaskUnknown, finish_task, open_task, reopen_task

__all__ = [
    "OUTCOMES",
    "Page",
    "TaskDone",
    "TaskUnknown",
    "TaskView",
    "count_open",
    "finish_task",
    "open_task",
    "reopen_task",
    "report_plugin_failures",
    "report_until",
    "task",
    "tasks",
]
