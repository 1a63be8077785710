"""The columns of members that hold seals, so that a rotation of the keys reaches them."""

from tessera.access.service.rotation import SealedColumn, register_sealed

register_sealed(
    SealedColumn("identity", "sealed"),
    SealedColumn("contact", "sealed"),
    SealedColumn("member", "address"),
    SealedColumn("member_note", "text"),
    SealedColumn("member_custom", "sealed", key=("member", "field")),
    SealedColumn("member_merge", "before"),
    SealedColumn("import_upload", "head"),
    SealedColumn("import_row", "before", key=("batch", "line"), key_types=("uuid", "bigint"), shape="json"),
)
