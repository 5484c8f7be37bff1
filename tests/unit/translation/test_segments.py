import pytest
from hypothesis import given
from hypothesis import strategies as st

from translation.segments import split

TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(["TP.", " ", ".", "。", "A", "b", "\n", "？", "”", "N.T.H."])).map(
        "".join
    ),
)


@given(TEXTS)
def test_the_pieces_put_together_are_the_text(text: str) -> None:
    assert "".join(piece.text + piece.after for piece in split(text)) == text


@given(TEXTS)
def test_no_piece_but_the_first_is_empty(text: str) -> None:
    assert all(piece.text for piece in split(text)[1:])


@pytest.mark.parametrize(
    "text, count",
    [
        ("Chị Lan không trình báo mất con. Chị đồng ý lấy mẫu ADN; mẫu được gửi kèm.", 2),
        ("Chị N.T.H. trú tại TP. Móng Cái. Đ/c. Nam đã kiểm tra.", 2),
        ("婴儿已获救。身体状况稳定！请答复？", 3),
        ("他说：“请救我。”随后失联。", 2),
        ("The bridge is at No. 5. See Art. 7 of the law.", 2),
        ("Xe 14A-123.45 qua lúc 14.30, giá 1.500.000 đồng.", 1),
        ("Dòng một\nDòng hai", 2),
        ("", 0),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text: str, count: int) -> None:
    assert len(split(text)) == count
