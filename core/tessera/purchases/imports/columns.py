"""What the columns of a list of receipts mean: told by their names in Chinese and English, or by the importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tessera.kernel.errors import Invalid
from tessera.members.imports.cells import Columns, remarks_on
from tessera.members.imports.mapping import assign
from tessera_hooks import _

HEADERS: dict[str, tuple[str, ...]] = {
    "receipt": (
        "小票号", "单号", "订单号", "交易号", "流水号", "发票号", "销售单号", "invoiceno", "invoice no", "invoice",
        "receipt", "invoice number", "receipt no", "receipt number", "order", "order no", "order id", "order number",
        "transaction", "transaction id", "ticket", "bill no",
    ),
    "at": (
        "时间", "日期", "交易时间", "消费时间", "下单时间", "销售时间", "交易日期", "消费日期", "invoicedate",
        "invoice date",
        "date", "time", "datetime", "purchased at", "order date", "transaction date", "created at",
    ),
    "sku": (
        "商品编码", "货号", "条码", "商品编号", "sku", "stockcode", "stock code", "item code", "product code",
        "barcode", "product id", "item id",
    ),
    "item": (
        "商品", "商品名称", "品名", "项目", "服务项目", "description", "item", "product", "product name",
        "item name", "name",
    ),
    "category": ("类别", "分类", "品类", "商品分类", "category", "product category", "department"),
    "quantity": ("数量", "件数", "quantity", "qty", "pieces"),
    "unit_price": ("单价", "售价", "unitprice", "unit price", "price", "price each"),
    "amount": ("金额", "小计", "实收", "实付金额", "amount", "total", "line total", "subtotal"),
    "customer": (
        "客户编号", "会员编号", "顾客编号", "会员号", "用户id", "customerid", "customer id", "customer", "customer no",
        "customer number", "member id", "member no", "client id",
    ),
    "phone": ("手机号", "手机", "手机号码", "电话", "会员手机", "phone", "mobile", "phone number"),
    "card": ("卡号", "会员卡号", "card", "card number", "loyalty card"),
    "store": ("门店", "店铺", "分店", "store", "branch", "shop"),
    "original": (
        "原单号", "原小票号", "原订单号", "original receipt", "original invoice", "original order", "returned receipt",
    ),
}  # fmt: skip
"""The names by which each field is recognised."""

NEEDED = {
    "receipt": _("the receipt's number"),
    "at": _("the date"),
}


def plan(columns: Sequence[str], given: Mapping[str, str]) -> Columns:
    """What each column means; refuses a table without receipt number, date or money."""
    fields, ignored = assign(columns, given, HEADERS)
    shown = {"columns": ", ".join(columns[:12]), "first": columns[0]}
    for name, title in NEEDED.items():
        if name not in fields:
            raise Invalid(
                _(
                    "no column is recognised as {title} (the columns are {columns}): say which is, "
                    "such as --map {first}={name}",
                    title=title,
                    name=name,
                    **shown,
                )
            )
    if "unit_price" not in fields and "amount" not in fields:
        raise Invalid(
            _(
                "no column is recognised as price or amount (the columns are {columns}): say which is, "
                "such as --map {first}=amount",
                **shown,
            )
        )
    return Columns({name: found[0] for name, found in fields.items()}, remarks_on(ignored))
