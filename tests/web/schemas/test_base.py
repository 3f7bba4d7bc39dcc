from moca.web.schemas.responses import MessageShape, ProblemShape


def test_who_changes_a_description_changes_nobody_elses() -> None:
    ProblemShape.model_json_schema()["properties"].clear()
    assert set(ProblemShape.model_json_schema()["properties"]) == set(ProblemShape.model_fields)


def test_a_model_is_described_as_it_is_asked_for() -> None:
    taken = MessageShape.model_json_schema(mode="validation", ref_template="#/a/{model}")
    given = MessageShape.model_json_schema(mode="serialization", ref_template="#/b/{model}")
    assert ("#/a/" in str(taken), "#/b/" in str(given)) == (True, True)
    assert ("#/b/" in str(taken), "#/a/" in str(given)) == (False, False)
