"""The connector and its sandbox, judged by the small model that stands in for Amazon's."""

import dataclasses as dc
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fidelity.cli import run
from fidelity.documents import Document, DocumentSchemas
from fidelity.models import ModelsError, Operation, read_models
from fidelity.records import Recording
from fidelity.verdict import Verdict, judge, judge_documents

MODELS = Path(__file__).parent / "models"
STATUSES = {
    "LWA token": {200, 400, 401, 429},
    "patchListingsItem": {200, 400, 403, 429},
    "getListingsItem": {200, 400, 403, 404, 429},
    "searchListingsItems": {200, 400, 403, 429},
    "getMarketplaceParticipations": {200, 403, 429},
    "searchOrders": {200, 403, 429},
    "getOrder": {200, 403, 404, 429},
    "createFeedDocument": {201, 403, 429},
    "createFeed": {202, 400, 403, 404, 429},
    "getFeed": {200, 403, 404, 429},
    "getFeeds": {200, 403, 429},
    "cancelFeed": {200, 400, 403, 404, 429},
    "getFeedDocument": {200, 403, 404, 429},
    "document": {200},
    "createReport": {202, 400, 403, 429},
    "getReport": {200, 403, 404, 429},
    "getReportDocument": {200, 403, 404, 429},
    "confirmShipment": {204, 400, 403, 404, 429},
    "getMyFeesEstimates": {200, 400, 403, 429},
    "getDestinations": {200, 403, 429},
    "createDestination": {200, 403, 429},
    "getSubscription": {200, 403, 404, 429},
    "createSubscription": {200, 400, 403, 429},
}
NO_OPERATIONS = {"LWA token", "document"}


def _judge(folder: Path, model: dict[str, Any], recorded: Recording) -> Verdict:
    """By the small model as a test has changed it, and by the other models as they are."""
    for other in MODELS.glob("*.json"):
        if other.name != "small.json":
            shutil.copy(other, folder)
    (folder / "changed.json").write_text(json.dumps(model), encoding="utf-8")
    shutil.copy(MODELS / "small_feeds.json", folder)
    shutil.copy(MODELS / "small_notifications.json", folder)
    return judge(read_models(folder), recorded.exchanges)


def test_every_operation_is_met_with_every_status_and_none_is_invalid(
    operations: list[Operation], recorded: Recording
) -> None:
    verdict = judge(operations, recorded.exchanges)
    assert verdict.problems == {}
    errors = {500, 503}
    assert {name: set(row.statuses) - errors for name, row in verdict.rows.items()} == STATUSES
    assert all(row.statuses.keys() & errors for name, row in verdict.rows.items() if name != "document")


def test_every_page_of_a_search_is_asked_for(recorded: Recording) -> None:
    searches = [e.request for e in recorded.exchanges if e.request.path == "/orders/2026-01-01/orders"]
    assert sum("paginationToken" in dict(search.query) for search in searches) >= 2


def test_listings_are_searched_page_by_page_and_writes_previewed(recorded: Recording) -> None:
    queries = [dict(e.request.query) for e in recorded.exchanges]
    assert any("pageToken" in query for query in queries)
    assert any(query.get("mode") == "VALIDATION_PREVIEW" for query in queries)


def test_a_submission_that_amazon_finds_invalid_is_among_the_answers(recorded: Recording) -> None:
    bodies = [json.loads(e.answer.body) for e in recorded.exchanges if e.answer and e.request.method == "PATCH"]
    assert {"ACCEPTED", "INVALID"} <= {body.get("status") for body in bodies}


def test_feeds_and_their_reports_are_among_the_documents(recorded: Recording) -> None:
    feeds = [each.content for each in recorded.documents if each.schema == "listings-feed-schema-v2.json"]
    reports = [each.content for each in recorded.documents if each.schema.startswith("listings-feed-processing")]
    assert {message["operationType"] for feed in feeds for message in feed["messages"]} == {"PATCH"}
    assert {report["summary"]["messagesInvalid"] > 0 for report in reports} == {True}
    assert len(feeds) > 1


def test_an_upload_with_a_token_or_another_content_type_is_caught(
    operations: list[Operation], recorded: Recording
) -> None:
    upload = next(e for e in recorded.exchanges if e.request.method == "PUT")
    headers = {**upload.request.headers, "x-amz-access-token": "Atza|x", "content-type": "application/json"}
    wrong = dc.replace(upload, request=dc.replace(upload.request, headers=headers))
    fetched = dc.replace(upload, request=dc.replace(upload.request, method="GET"))
    verdict = judge(operations, [*recorded.exchanges, wrong, fetched])
    assert {name for name, _ in verdict.problems} == {"document"}
    assert [reason.split(":")[0] for _, reason in sorted(verdict.problems)] == [
        "header content-type",
        "header x-amz-access-token",
        "method GET",
    ]


def test_a_parameter_that_the_model_lacks_is_caught(tmp_path: Path, model: dict[str, Any], recorded: Recording) -> None:
    patch = model["paths"]["/listings/2021-08-01/items/{sellerId}/{sku}"]["patch"]
    patch["parameters"] = [each for each in patch["parameters"] if each["name"] != "issueLocale"]
    verdict = _judge(tmp_path, model, recorded)
    assert set(verdict.problems) == {("patchListingsItem", "query parameter issueLocale: not in the model")}
    assert verdict.rows["patchListingsItem"].invalid == verdict.rows["patchListingsItem"].requests


def test_a_field_that_the_model_requires_is_missed(tmp_path: Path, model: dict[str, Any], recorded: Recording) -> None:
    model["definitions"]["Order"]["required"].append("programs")
    verdict = _judge(tmp_path, model, recorded)
    assert {name for name, _ in verdict.problems} == {"searchOrders", "getOrder"}
    assert all("'programs' is a required property" in reason for _, reason in verdict.problems)


def test_orders_in_every_state_are_told_of(recorded: Recording) -> None:
    told = [each.content for each in recorded.documents if each.schema == "OrderChangeNotification.json"]
    summaries = [each["Payload"]["OrderChangeNotification"]["Summary"]["OrderStatus"] for each in told]
    assert set(summaries) == {"Pending", "Unshipped", "PartiallyShipped", "Shipped", "Canceled"}


def test_without_models_one_line_says_what_to_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run({}) == 2
    assert run({"SPAPI_MODELS": str(tmp_path)}) == 2
    assert run({"SPAPI_MODELS": str(tmp_path / "nowhere")}) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert all("SPAPI_MODELS" in line for line in said)


def test_a_model_that_is_no_json_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    assert run({"SPAPI_MODELS": str(tmp_path)}) == 2
    assert "broken.json" in capsys.readouterr().err


def test_documents_are_checked_by_their_schemas(tmp_path: Path) -> None:
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["header"]}
    (tmp_path / "feed.json").write_text(json.dumps(schema), encoding="utf-8")
    verdict, schemas = Verdict(), DocumentSchemas(tmp_path)
    judge_documents(verdict, schemas, [Document("feed.json", {"header": {}}), Document("feed.json", {})])
    assert dict(verdict.problems) == {("feed.json", "(whole): 'header' is a required property"): 1}
    with pytest.raises(ModelsError, match="no-schema"):
        schemas.problems(Document("no-schema.json", {}))


def test_the_small_model_serves_what_it_is_made_for() -> None:
    assert {operation.name for operation in read_models(MODELS)} == set(STATUSES) - NO_OPERATIONS
