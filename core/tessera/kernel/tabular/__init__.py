"""Tables from strangers, CSV and XLSX, read a row at a time; and the lists that go back to them."""

from tessera.kernel.tabular.content import UnreadableFile
from tessera.kernel.tabular.messages import Limits
from tessera.kernel.tabular.rejects import Reject, neutralise, restored, write_rejects
from tessera.kernel.tabular.table import Row, Table, open_table

__all__ = [
    "Limits",
    "Reject",
    "Row",
    "Table",
    "UnreadableFile",
    "neutralise",
    "open_table",
    "restored",
    "write_rejects",
]
