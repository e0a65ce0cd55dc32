"""Errors as clients expect them: a status, and a body with message, type, param and code."""

from __future__ import annotations

import math

from starlette.responses import JSONResponse

from strati.core.records import JSON
from strati.serve.errors import Refused

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_response(refused: Refused) -> JSONResponse:
    """The response for a request that is not taken."""
    headers = {}
    if refused.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(refused.retry_after)))
    if refused.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(error_body(refused), refused.status, headers)


def error_body(refused: Refused) -> dict[str, JSON]:
    """What stands in its body, or in the last event of a stream that cannot go on."""
    kind = _TYPES.get(refused.status, "server_error" if refused.status >= 500 else "invalid_request_error")
    return {"error": {"message": refused.sentence, "type": kind, "param": refused.param, "code": refused.code}}
