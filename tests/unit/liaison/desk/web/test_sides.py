from liaison.desk.web.sides import side_by_side


def field(
    path: str, value: str, method: str = "code", original: str | None = None
) -> dict[str, object]:
    return {"path": path, "label": path, "value": value, "method": method, "original": original}


def test_a_code_says_the_same_on_both_sides() -> None:
    read = {"fields": [field("request.dangers", "被关押")]}
    written = {"fields": [field("request.dangers", "Bị nhốt")]}

    (group,) = side_by_side(read, written)

    assert (group["fields"][0]["written"], group["fields"][0]["value"]) == ("Bị nhốt", "被关押")


def test_the_matter_comes_first_then_each_person_then_the_particulars() -> None:
    fields = [
        field("case", "QN-MC1-2026-0001"),
        field("request.header.purpose", "x"),
        field("request.header.urgency_reason", "x"),
        field("request.persons.P1.role", "x"),
        field("request.groups.P2..P9.labels", "P2..P9"),
        field("request.groups.P2..P9.role", "x"),
        field("request.place", "x"),
    ]

    groups = side_by_side({"fields": fields}, {"fields": fields})

    assert [group["name"] for group in groups] == ["", "P1", "P2..P9", "header"]
    assert [f["path"] for f in groups[0]["fields"]] == [
        "request.header.urgency_reason",
        "request.place",
    ]


def test_a_translation_stands_beside_the_text_that_it_is_of() -> None:
    translated = field("text", "原文", "none", "zh") | {
        "translation": {"text": "Bản dịch", "method": "machine", "findings": []}
    }

    (group,) = side_by_side({"fields": [translated]}, {"fields": [translated]})

    assert group["fields"][0]["translation"]["text"] == "Bản dịch"
    assert group["fields"][0]["lang"] == "zh"


def test_a_step_that_says_only_what_it_is_has_no_fields_left() -> None:
    fields = [field("case", "QN-MC1-2026-0001"), field("act", "Đã nhận")]

    assert side_by_side({"fields": fields}, {"fields": fields}) == []
