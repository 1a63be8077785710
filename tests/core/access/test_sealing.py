"""Sealed values, lookups, masks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import sealing
from tessera.kernel.errors import CannotRun
from tessera.kernel.keys import Keys, new_keys
from tessera.testing import TEST_KEYS


@pytest.fixture(autouse=True)
def our_keys():
    sealing.use_keys(TEST_KEYS)
    yield
    sealing.use_keys(TEST_KEYS)


@given(st.binary(max_size=500))
def test_what_was_sealed_opens_again(value):
    assert sealing.unseal(sealing.seal(value)) == value


@given(st.text(max_size=100))
def test_texts_of_every_script_come_back(value):
    assert sealing.unseal_text(sealing.seal(value)) == value


@given(st.binary(min_size=4, max_size=60))
def test_a_seal_shows_nothing_of_its_value(value):
    assert value not in sealing.seal(value)


@given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_a_seal_that_was_changed_in_one_bit_does_not_open(value, place, change):
    sealed = bytearray(sealing.seal(value))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(CannotRun):
        sealing.unseal(bytes(sealed))


def test_equal_values_have_equal_seals_under_one_key_and_other_ones_under_the_next():
    before = sealing.seal("+8613800138000")
    assert sealing.seal("+8613800138000") == before
    rotated = Keys(TEST_KEYS.index_key, {**TEST_KEYS.data_keys, 2: b"n" * 64}, TEST_KEYS.cookie_secret)
    sealing.use_keys(rotated)
    after = sealing.seal("+8613800138000")
    assert after != before
    assert sealing.unseal(before) == sealing.unseal(after)


def test_lookups_do_not_move_when_data_keys_are_rotated():
    before = sealing.lookup("phone", "+8613800138000")
    sealing.use_keys(Keys(TEST_KEYS.index_key, {**TEST_KEYS.data_keys, 2: b"n" * 64}, TEST_KEYS.cookie_secret))
    assert sealing.lookup("phone", "+8613800138000") == before


def test_a_seal_of_another_instance_is_refused_with_what_to_do():
    sealed = sealing.seal("secret")
    sealing.use_keys(new_keys())
    with pytest.raises(CannotRun, match="the key file belongs to another database"):
        sealing.unseal(sealed)


def test_a_missing_data_key_is_named():
    with pytest.raises(CannotRun, match="sealed with data key 9, which the key file does not hold"):
        sealing.unseal(b"\x00\x09" + b"x" * 20)


@given(st.text(max_size=20), st.text(max_size=20))
def test_kinds_of_identities_never_share_a_lookup(kind, value):
    assert sealing.lookup(kind + "a", value) != sealing.lookup(kind, "a" + value)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613800138000", "138****8000"),
        ("13800138000", "138****8000"),
        ("+4915112345678", "+491******5678"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_phones_are_masked_in_the_middle(phone, masked):
    assert sealing.mask_phone(phone) == masked


@given(st.from_regex(r"\+?[0-9]{1,15}", fullmatch=True))
def test_a_masked_phone_hides_at_least_its_middle_and_is_known_as_masked(phone):
    masked = sealing.mask_phone(phone)
    assert sealing.is_masked(masked)
    digits = len(phone.removeprefix("+86").removeprefix("+"))
    assert masked.count("*") >= min(4, max(digits, 3))


@pytest.mark.parametrize(("phone", "tail"), [("+8613800138000", "8000"), ("+442071234567", "4567"), ("5551234", "34")])
def test_a_masked_phone_keeps_its_tail_for_the_desk(phone, tail):
    assert sealing.mask_phone(phone).endswith(tail)


def test_masked_values_that_come_back_are_recognised():
    for masked in (
        sealing.mask_phone("+8613800138000"),
        sealing.mask_email("ana@example.com"),
        sealing.mask("310101199001011234"),
    ):
        assert sealing.is_masked(masked)
    for plain in ("+8613800138000", "ana@example.com", "C001", "a*b"):
        assert not sealing.is_masked(plain)


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_signature_is_valid_for_its_purpose_and_value_alone(purpose, value):
    signature = sealing.sign(purpose, value)
    assert sealing.is_signed(purpose, value, signature)
    assert not sealing.is_signed(purpose + "x", value, signature)
    assert not sealing.is_signed(purpose, value + "x", signature)
