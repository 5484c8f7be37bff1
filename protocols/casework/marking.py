"""Not for state secrets: the markings of both States that the marking field refuses.

Mật, Tối mật, Tuyệt mật and 秘密, 机密, 绝密 are refused in the marking field; in free text they may
be ordinary words (秘密关押, mật ong), so there they only warn.
"""

import re
import unicodedata

SECRET_MARKINGS = ("tối mật", "tuyệt mật", "mật", "秘密", "机密", "绝密")

_WORDS = tuple(
    # A Vietnamese marking is a whole word; Chinese has no spaces to tell.
    re.compile(rf"\b{word}\b" if (word.isalpha() and word[0] < "\u4e00") or " " in word else word)
    for word in SECRET_MARKINGS
)


def find_secret_marking(text: str) -> str | None:
    """Return the first marking of a state secret in ``text``, in lower case; None if there is none.

    Spelling is compared without regard to case and to how accents are composed.
    """
    plain = unicodedata.normalize("NFC", text).casefold()
    for marking, word in zip(SECRET_MARKINGS, _WORDS, strict=True):
        if word.search(plain):
            return marking
    return None
