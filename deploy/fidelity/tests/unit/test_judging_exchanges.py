"""Each planted fault is found, and named."""

import dataclasses as dc
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fidelity.exchange import Answer, Exchange, Request
from fidelity.models import Operation
from fidelity.table import printed
from fidelity.verdict import judge

BODY = {"productType": "PRODUCT", "patches": [{"op": "merge", "path": "/attributes/x", "value": [{"quantity": 1}]}]}
GOOD_REQUEST = Request(
    "PATCH",
    "/listings/2021-08-01/items/A1/a%2Fb",
    (("marketplaceIds", "ARBP9OOSHTCHU"), ("issueLocale", "en_AE")),
    {
        "user-agent": "Mizan/0.1 (Language=Python/3.11)",
        "x-amz-access-token": "Atza|x",
        "x-amz-date": "20261122T100000Z",
        "content-type": "application/json",
    },
    json.dumps(BODY).encode(),
)
SAID = {"sku": "a/b", "status": "ACCEPTED", "submissionId": "s-1", "issues": []}
GOOD_ANSWER = Answer(200, {"content-type": "application/json", "x-amzn-requestid": "r"}, json.dumps(SAID).encode())
FORM = b"grant_type=refresh_token&refresh_token=a&client_id=b&client_secret=c"
GRANT = b'{"access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600}'


def _problems(operations: Sequence[Operation], request: Request, answer: Answer | None = None) -> list[str]:
    return [reason for _, reason in judge(operations, [Exchange(request, answer)]).problems]


def _query(*pairs: tuple[str, str]) -> Request:
    return dc.replace(GOOD_REQUEST, query=pairs)


def _header(name: str, value: str) -> Request:
    return dc.replace(GOOD_REQUEST, headers={**GOOD_REQUEST.headers, name: value})


def _body(change: Callable[[dict[str, Any]], object]) -> Request:
    body: dict[str, Any] = json.loads(json.dumps(BODY))
    change(body)
    return dc.replace(GOOD_REQUEST, body=json.dumps(body).encode())


def _answer(**changed: object) -> Answer:
    said = {name: value for name, value in {**SAID, **changed}.items() if value is not None}
    return dc.replace(GOOD_ANSWER, body=json.dumps(said).encode())


def test_what_keeps_to_the_model_passes(operations: list[Operation]) -> None:
    verdict = judge(operations, [Exchange(GOOD_REQUEST, GOOD_ANSWER), Exchange(GOOD_REQUEST)])
    assert verdict.is_good
    row = verdict.rows["patchListingsItem"]
    assert (row.requests, row.answers, row.invalid) == (2, 1, 0)


def test_without_any_exchange_nothing_is_good(operations: list[Operation]) -> None:
    assert not judge(operations, []).is_good


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (_query(("marketplaceIds", "A"), ("issuelocale", "en")), "query parameter issuelocale: not in the model"),
        (_query(("issueLocale", "en")), "query parameter marketplaceIds: missing"),
        (_query(("marketplaceIds", "A"), ("marketplaceIds", "B")), "query parameter marketplaceIds: given 2 times"),
        (_header("user-agent", "python-httpx/0.28"), "header user-agent"),
        (_header("user-agent", f"Mizan/0.1 (Language=Python; {'x' * 500})"), "header user-agent"),
        (_header("x-amz-access-token", ""), "header x-amz-access-token: missing"),
        (_header("x-amz-date", "2026-11-22"), "header x-amz-date"),
        (_header("content-type", "text/plain"), "header content-type: 'text/plain'"),
        (_body(lambda body: body.pop("productType")), "body: (whole): 'productType' is a required property"),
        (_body(lambda body: body.update(sku="x")), "body: (whole): Additional properties are not allowed ('sku'"),
        (_body(lambda body: body["patches"][0].update(op="put")), "body: patches/0/op: 'put' is not one of"),
        (_body(lambda body: body.update(patches=[])), "body: patches:"),
        (dc.replace(GOOD_REQUEST, body=b""), "body: missing"),
        (dc.replace(GOOD_REQUEST, body=b"{"), "body: it is no JSON"),
        (dc.replace(GOOD_REQUEST, method="PUT"), "no model has PUT"),
        (dc.replace(GOOD_REQUEST, path="/listings/2021-08-01/items/A1/a/b"), "no model has PATCH"),
    ],
)
def test_a_fault_in_a_request_is_named(operations: list[Operation], request_: Request, named: str) -> None:
    (problem,) = _problems(operations, request_)
    assert problem.startswith(named)


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (_answer(submissionId=None), "answer 200: body: (whole): 'submissionId' is a required property"),
        (_answer(status="FINE"), "answer 200: body: status: 'FINE' is not one of"),
        (_answer(sku=7), "answer 200: body: sku: 7 is not of type 'string'"),
        (_answer(asin="B01"), "answer 200: body: (whole): Additional properties are not allowed ('asin'"),
        (dc.replace(GOOD_ANSWER, status=401), "status 401: not in the model"),
        (dc.replace(GOOD_ANSWER, body=b"<html>"), "answer 200: body: it is no JSON"),
        (dc.replace(GOOD_ANSWER, status=503), "answer 503: body: (whole): "),
        (
            dc.replace(GOOD_ANSWER, headers={"content-type": "application/json"}),
            "answer 200: header x-amzn-requestid: missing",
        ),
        (
            dc.replace(GOOD_ANSWER, headers={**GOOD_ANSWER.headers, "x-amzn-ErrorType": "x"}),
            "answer 200: header x-amzn-ErrorType: not in the model",
        ),
    ],
)
def test_a_fault_in_an_answer_is_named(operations: list[Operation], answer: Answer, named: str) -> None:
    problems = _problems(operations, GOOD_REQUEST, answer)
    assert problems
    assert all(problem.startswith(named) for problem in problems)


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/orders/2026-01-01/orders", ("createdAfter", "yesterday"), "createdAfter: (whole): 'yesterday' is not a"),
        ("/orders/2026-01-01/orders", ("maxResultsPerPage", "101"), "maxResultsPerPage: (whole): 101 is greater"),
        ("/orders/2026-01-01/orders", ("maxResultsPerPage", "many"), "maxResultsPerPage: (whole): 'many' is not of"),
        ("/orders/2026-01-01/orders/402-1", ("includedData", "FULFILLMENT,PRICES"), "includedData: 1: 'PRICES' is"),
    ],
)
def test_values_in_a_query_are_read_as_their_types(
    operations: list[Operation], path: str, query: tuple[str, str], named: str
) -> None:
    request = dc.replace(GOOD_REQUEST, method="GET", path=path, query=(query,), body=b"")
    (problem,) = _problems(operations, request)
    assert problem.startswith(f"query parameter {named}")


def test_a_body_where_none_belongs_is_named(operations: list[Operation]) -> None:
    request = dc.replace(GOOD_REQUEST, method="GET", path="/orders/2026-01-01/orders/402-1", query=())
    assert _problems(operations, request) == ["body: the operation takes none"]


@pytest.mark.parametrize(
    ("form", "status", "body", "named"),
    [
        (FORM.replace(b"refresh_token&", b"password&", 1), 200, GRANT, "form: grant_type is wrong"),
        (FORM.replace(b"&client_secret=c", b""), 200, GRANT, "form: (whole) is wrong"),
        (FORM, 200, GRANT.replace(b"3600", b'"1 h"'), "answer 200: body: expires_in is wrong"),
        (FORM, 401, b'{"errors": []}', "answer 401: body: (whole) is wrong"),
    ],
)
def test_a_fault_in_asking_for_a_token_is_named(form: bytes, status: int, body: bytes, named: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", "/auth/o2/token", (), headers, form)
    assert named in _problems([], request, Answer(status, {}, body))
    assert _problems([], dc.replace(request, body=FORM), Answer(200, {}, GRANT)) == []


def test_an_answer_that_was_broken_off_on_purpose_is_counted_and_its_request_judged(
    operations: list[Operation],
) -> None:
    half = dc.replace(GOOD_ANSWER, status=503, body=b"")
    wrong = _query(("issueLocale", "en"))
    verdict = judge(operations, [Exchange(GOOD_REQUEST, half, is_broken=True), Exchange(wrong, half, is_broken=True)])
    row = verdict.rows["patchListingsItem"]
    assert (row.requests, row.answers, row.broken, row.invalid) == (2, 0, 2, 1)
    assert list(verdict.problems) == [("patchListingsItem", "query parameter marketplaceIds: missing")]


def test_a_sandbox_that_broke_is_a_problem(operations: list[Operation]) -> None:
    verdict = judge(operations, [Exchange(GOOD_REQUEST, failure="LookupError")])
    assert list(verdict.problems) == [("patchListingsItem", "the sandbox failed: LookupError")]


def test_the_table_has_a_row_for_each_operation_and_source_and_a_line_for_each_problem(
    operations: list[Operation],
) -> None:
    wrong = Exchange(_query(("issueLocale", "en")), GOOD_ANSWER)
    good = judge(operations, [Exchange(GOOD_REQUEST, GOOD_ANSWER), Exchange(GOOD_REQUEST, GOOD_ANSWER, is_broken=True)])
    good.by_hand = 7
    table = printed({"tests": good, "demo": judge(operations, [wrong, wrong])}).splitlines()
    assert [line.split() for line in table[:5]] == [
        ["operation", "source", "requests", "answers", "invalid", "broken", "statuses"],
        ["patchListingsItem", "demo", "2", "2", "2", "0", "200x2"],
        ["patchListingsItem", "tests", "2", "1", "0", "1", "200x1"],
        ["(all)", "tests", "2", "1", "0", "1", "200x1"],
        ["(all)", "demo", "2", "2", "2", "0", "200x2"],
    ]
    assert table[5:] == [
        "left out: tests: 7 requests that a test made by hand, as their User-Agent says",
        "invalid: demo: patchListingsItem: query parameter marketplaceIds: missing (2 times)",
    ]
