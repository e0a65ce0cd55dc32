"""The same request from a program."""

from __future__ import annotations

import json
import shlex


def curl_of(address: str, model: str, text: str) -> str:
    """A curl command that works with the key in STRATI_KEY."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}, ensure_ascii=False)
    return (
        f"curl {address}/v1/chat/completions \\\n"
        '  -H "Authorization: Bearer $STRATI_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}"
    )


def python_of(address: str, model: str, text: str) -> str:
    """The same with the openai package."""
    return (
        "import os\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{address}/v1", api_key=os.environ["STRATI_KEY"])\n'
        "reply = client.chat.completions.create(\n"
        f"    model={json.dumps(model)},\n"
        f'    messages=[{{"role": "user", "content": {json.dumps(text, ensure_ascii=False)}}}],\n'
        ")\nmessage = reply.choices[0].message\n"
        "print(message.content or message.refusal)"
    )
