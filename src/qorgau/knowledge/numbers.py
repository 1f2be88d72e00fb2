"""Numbers that stand for a person: which texts are an IIN, a phone, a card or a passport number (PD504).

Only what is real-looking counts: check digits must be right, prefixes in use, and numbers that are
reserved for tests and examples are left alone. Sources stand beside each table.
"""

from __future__ import annotations

import calendar
import re

IIN_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
"""The second row is used where the first leaves 10 (Law on National Registers of Identification Numbers)."""

CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
"""The seventh digit of an IIN: century of birth and sex."""

# Issuers' prefixes and lengths (ISO/IEC 7812-1; the networks' own tables).
CARDS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|220[0-4]\d{12}|62\d{14}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}"
)

# Published by Stripe, Adyen, Braintree, PayPal, Worldpay, CloudPayments, YooKassa and Tinkoff for their sandboxes.
TEST_CARDS = frozenset(
    """
    4242424242424242 4000056655665556 5555555555554444 2223003122003222 5200828282828210 5105105105105100
    378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 6011981111111113
    3056930009020004 30569309025904 36227206271667 38520000023237 6555900000604105 3566002020360505 3530111333300000
    6200000000000005 6200000000000047 4111111111111111 4012888888881881 4012000033330026 4012000077777777
    4917610000000000 4917484589897107 4001919257537193 4007702835532454 4263982640269299 4263970000005262
    5425233430109903 2222420000001113 2223000048410010 374245455400126 370000000000002 5100290029002909
    4988438843884305 4166676667666746 4646464646464644 4000620000000007 4000060000000006 5136333333333335
    5585558555855583 2222400010000008 2222400030000004 2222400050000009 2222400070000005 4035501000000008
    4009348888881881 4005519200000004 4500600000000061 5405222222222226 2720992222222227 36006666333344
    4976000000003436 5455330760000018 4444333322221111 5454545454545454 4462030000000000 4917300800000000
    4263970000005262 2202474301322987 2200770212727079 5469980420483980 4793128161644804 5555555555554477
    4300000000000777 5000000000000009 2201382000000013 4399620000000009 4539578763621486 4716461583322103
    4485275742308327 5431111111111111 4024007198964305
    """.split()  # noqa: SIM905
)

# Codes of mobile operators: Kazakhstan's numbering plan (Order No. 120 of 2015), as in use.
MOBILE_KZ = r"(?:70[0-8]|747|75[01]|76[0-4]|771|77[5-8])"

# Kazakhstan's geographic and mobile codes begin with 7 and 6, Russia's with 3, 4, 8 and 9.
_BARE_7 = re.compile(rf"[78](?:{MOBILE_KZ}|9\d\d)\d{{7}}")
_WRITTEN_7 = re.compile(r"(?:\+7|8)[34679]\d{9}")

COUNTRY_CODES = frozenset(
    """
    1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86
    90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237
    238 239 240 241 242 243 244 245 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268
    269 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382
    383 385 386 387 389 420 421 423 501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670
    672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960
    961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998
    """.split()  # noqa: SIM905
)
"""ITU-T Recommendation E.164, list of country codes assigned."""

RESERVED_PHONES = re.compile(
    # North America: the exchange 555, which has no subscribers, and the area code 555 (NANPA), toll-free lines.
    r"1\d{3}555\d{4}|1555\d{7}|1(?:800|833|844|855|866|877|888)\d{7}"
    # United Kingdom: Ofcom's numbers for drama use.
    r"|441632960\d{3}|44207946\d{4}|44(?:11[3-8]|121|131|141|151|161)4960\d{3}|441914980\d{3}|442896496\d{3}"
    r"|442920180\d{3}|447700900\d{3}|448081570\d{3}|449098790\d{3}|443069990\d{3}"
    # Australia: ACMA's numbers for radio, film and television.
    r"|61[2378](?:5550|7010)\d{4}|61491570\d{3}|61491571\d{3}|611800160401|6118009757\d\d|6113009757\d\d"
    # France: ARCEP; Germany: Bundesnetzagentur; Ireland: ComReg; Sweden: PTS.
    r"|33(?:19900|26191|35301|46571|53649|63998)\d{4}"
    r"|49(?:3023125|6990009|4066969|2214710|8999998)\d{3,4}|4915228817386|4915228895456|4917139200\d\d|4917299259\d\d"
    r"|353209\d{6}|46701740(?:60[5-9]|6[1-9]\d)|46313900\d{3}|468465004\d\d"
    # Russia and Kazakhstan: toll-free lines, which are no person's.
    r"|7800\d{7}"
)


def is_iin(digits: str) -> bool:
    """Whether twelve digits are an IIN: a date of birth that exists, and the right check digit.

    A business number (BIN) has no date: its fifth digit is 4, 5 or 6.
    """
    if len(digits) != 12 or digits[6] not in CENTURIES:
        return False
    year, month, day = CENTURIES[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return False
    for weights in IIN_WEIGHTS:
        rest = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11
        if rest < 10:
            return rest == int(digits[11])
    return False


def is_card(digits: str) -> bool:
    """Whether digits are the number of a payment card that is not a vendor's test card."""
    if not CARDS.fullmatch(digits) or digits in TEST_CARDS:
        return False
    return _luhn(digits) and not _is_made_up(digits)


def _luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_phone(text: str) -> bool:
    """Whether a text is a phone number, written with ``+`` or as people of Kazakhstan and Russia write it."""
    digits = "".join(filter(str.isdigit, text))
    plus = text.startswith("+")
    if not plus:
        if not (_BARE_7.fullmatch(digits) if text == digits else _WRITTEN_7.fullmatch(digits)):
            return False
        digits = "7" + digits[1:]
    if not 10 <= len(digits) <= 15 or not any(digits[:size] in COUNTRY_CODES for size in (1, 2, 3)):
        return False
    if digits[0] == "7" and not _WRITTEN_7.fullmatch("+" + digits):
        return False
    if digits[0] == "1" and not re.fullmatch(r"1[2-9]\d\d[2-9]\d{6}", digits):
        return False
    return not RESERVED_PHONES.fullmatch(digits) and not _is_made_up(digits[-7:]) and not _is_run(digits)


def is_passport(text: str) -> bool:
    """Whether a text has the form of a passport's or an identity card's number, of Kazakhstan or Russia."""
    digits = "".join(filter(str.isdigit, text))
    return len(digits) in (8, 9, 10) and not _is_made_up(digits)


def _is_made_up(digits: str) -> bool:
    """Whether digits are only there to fill a place: nearly all of them the same."""
    return len(set(digits)) <= 2 or re.search(r"(\d)\1{6}", digits) is not None


def _is_run(digits: str) -> bool:
    """Whether digits only count up, with or without a country's code: 1234567890, +48 123456789."""
    runs = "12345678901234567890", "01234567890123456789"
    return any(
        len(part) >= 8 and part in run
        for part in (digits, digits[1:], digits[2:], digits[3:])
        for run in runs
    )
