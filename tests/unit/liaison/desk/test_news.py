from liaison.desk.news import News


async def test_everybody_who_listens_is_told_once_however_much_happened() -> None:
    news = News()

    with news.listen() as one, news.listen() as other:
        news.tell()
        news.tell()

        assert one.is_set()
        assert other.is_set()


async def test_who_listens_no_more_is_not_told() -> None:
    news = News()
    with news.listen() as heard:
        pass

    news.tell()

    assert not heard.is_set()


async def test_the_end_is_told_too() -> None:
    news = News()

    with news.listen() as heard:
        news.end()

        assert heard.is_set()
        assert news.is_over
