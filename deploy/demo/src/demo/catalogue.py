"""A small Egyptian catalogue and a day of its sales, for when no file is given."""

import random

from demo.sales import Day, SaleLine

PRODUCTS = (
    ("MUG-KHAYAMEYA", "Khayameya mug / كوب خيامية", "185.00"),
    ("LAMP-FANOUS-S", "Small fanous lantern / فانوس صغير", "320.00"),
    ("LAMP-FANOUS-L", "Large fanous lantern / فانوس كبير", "890.00"),
    ("TRAY-COPPER/30", "Copper tray 30 cm / صينية نحاس", "640.00"),
    ("SCARF-COTTON #2", "Egyptian cotton scarf / كوفية قطن", "275.00"),
    ("TOWEL-GIZA-70", "Giza cotton towel / فوطة قطن جيزة", "210.00"),
    ("SHEET-GIZA-180", "Giza cotton sheet / ملاية قطن جيزة", "1250.00"),
    ("PAPYRUS-A4", "Papyrus print A4 / بردية", "95.00"),
    ("SOAP-NABULSI", "Olive oil soap / صابون زيت زيتون", "45.00"),
    ("OIL-OLIVE-1L", "Siwa olive oil 1 l / زيت زيتون سيوة", "390.00"),
    ("DATES-SIWA-1K", "Siwa dates 1 kg / بلح سيوي", "160.00"),
    ("TEA-HIBISCUS", "Aswan hibiscus / كركديه أسواني", "85.00"),
    ("RUG-KERDASA-1", "Kerdasa rug / سجادة كرداسة", "1890.00"),
    ("POT-FAYOUM", "Fayoum pottery bowl / فخار الفيوم", "230.00"),
    ("BOX-PEARL", "Mother-of-pearl box / علبة صدف", "720.00"),
    ("GALABEYA-M", "Galabeya, medium / جلابية", "540.00"),
    ("BAG-KILIM", "Kilim bag / شنطة كليم", "460.00"),
    ("CANDLE-AMBER", "Amber candle / شمعة عنبر", "140.00"),
    ("BOARD-TAWLA", "Backgammon board / طاولة", "980.00"),
    ("شاي-كشري", "Koshary tea / شاي كشري", "70.00"),
)
_RETURN_SHARE = 0.03


def built_in_day(*, sales: int = 600, seed: int = 1, suffix: str = "") -> Day:
    """The same day for the same seed: a few products sell most, and some units come back.

    `suffix` is put behind every SKU, so that several days can be lived through in one running system.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable day, nothing secret
    weights = [1 / (place + 1) for place in range(len(PRODUCTS))]
    picked = chance.choices(PRODUCTS, weights, k=sales)
    return Day(
        tuple(
            SaleLine(f"D{number:05}", number, sku + suffix, title, _quantity(chance), price)
            for number, (sku, title, price) in enumerate(picked, start=1)
        )
    )


def _quantity(chance: random.Random) -> int:
    if chance.random() < _RETURN_SHARE:
        return -1
    return chance.choice((1, 1, 1, 2, 3))
