"""Secrets in tables, below their names, and tables that hold none."""

import json

import pytest

from fakellm._cassette.redact import Redactor

SECRET = "q7Zx9Lm2Pk4v"

TABLES = {
    "CSV": "username,password,role\nada,SECRET,admin\ngrace,SECRET,user\n",
    "CSV, quoted": '"user","api_key"\n"ada","SECRET"\n',
    "Markdown": "| service | API key |\n|---|---|\n| maps | SECRET |\n\nMore of it.",
    "psql": " id | name | api_token\n----+------+-----------\n  1 | ada  | SECRET\n(1 row)\n",
    "mysql": "+----+--------+\n| id | secret |\n+----+--------+\n|  1 | SECRET |\n+----+--------+\n",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_cell_below_a_secret_name_is_taken_out(table):
    body = json.dumps({"content": table.replace("SECRET", SECRET)}).encode()

    redacted = Redactor().body(body)

    assert json.loads(redacted)["content"] == table.replace("SECRET", "REDACTED")
    assert Redactor().body(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "date,tokens,cost\n2024-05-01,12345,0.12\n",
        "| option | password |\n|---|---|\n| meaning | of the database |\n| default | none |",
        "def login(user, password):\n    return user, token1234\n\na,b\nc,abc-123-def\n",
        "id,name,key\n1,abc-123-def,q7Zx9Lm2Pk4v\n",
        "user,password\nnext line q7Zx9Lm2Pk4v, of, prose",
    ],
)
def test_table_without_secrets_is_kept(text):
    body = json.dumps({"content": text}).encode()

    assert Redactor().body(body) == body
    assert Redactor().text(text) == text
