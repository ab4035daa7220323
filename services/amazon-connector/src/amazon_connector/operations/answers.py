"""What an answer of Amazon's, or its absence, says."""

import datetime as dt

import httpx
from connector_sdk.http import outcome_of, outcome_of_error, retry_after
from connector_sdk.marketplace import MarketplaceError, Outcome
from contracts import Issue
from pydantic import ValidationError

from amazon_connector.mapping import to_issues
from amazon_connector.wire import ErrorAnswer


def check(response: httpx.Response, now: dt.datetime) -> None:
    """Raise what the answer to a reading call says, unless it is a success.

    Raises:
        MarketplaceError: it is none.
    """
    outcome = outcome_of(response.status_code)
    if outcome is not Outcome.ACCEPTED:
        said = "; ".join(f"{issue.code}: {issue.message}" for issue in errors(response)[:3])
        raise MarketplaceError(
            outcome,
            said[:500],
            retry_after=retry_after(response, now),
            throttled=response.status_code == httpx.codes.TOO_MANY_REQUESTS,
        )


def errors(response: httpx.Response) -> tuple[Issue, ...]:
    """Amazon's own words, after the HTTP status, which alone is dependable."""
    if response.is_success:
        return ()
    status = Issue(code=str(response.status_code), message=response.reason_phrase or "no reason given")
    try:
        answer = ErrorAnswer.model_validate_json(response.content)
    except ValidationError:
        return (status,)
    return (status, *to_issues(answer.errors))


def no_answer(error: httpx.HTTPError) -> MarketplaceError:
    """A reading call that failed on the way."""
    return MarketplaceError(outcome_of_error(error), f"no answer from Amazon: {type(error).__name__}")
