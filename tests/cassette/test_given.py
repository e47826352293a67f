"""Secrets that a program is given without a name beside them, and what merely looks so."""

import base64
import json

import pytest

from fakellm._cassette.look import Look
from fakellm._cassette.redact import Redactor

SECRET = "q7Zx9Lm2Pk4v"
LOGIN = base64.b64encode(b"ada:q7Zx9Lm2Pk4v").decode()
KEY_ID, KEY = "AKIA" + "Q7ZX9LM2PK4VB8NT", "q7Zx9Lm2Pk4vB8Nt/Rw5" * 2

GIVEN = {
    "mysql": ("mysqldump -h db -u root -pSECRET app > x.sql", SECRET),
    "mysql, quoted": ("mysql -p'SECRET' -e 'select 1'", SECRET),
    "sshpass": ("sshpass -p 'SECRET' ssh ada@h.test", SECRET),
    "docker": ("$ docker login -u ci -p SECRET registry.test", SECRET),
    "ldapsearch": ("ldapsearch -x -D cn=admin -w SECRET -b dc=x", SECRET),
    "redis-cli": ("redis-cli -h h.test -a SECRET ping", SECRET),
    "curl, attached": ("curl -uada:SECRET https://h.test", SECRET),
    "curl, cookies": ("curl -b 'sid=SECRET' https://h.test", f"sid={SECRET}"),
    "httpie": ("http -a ada:SECRET GET https://h.test", SECRET),
    "requests": ("requests.get(url, auth=('ada', 'SECRET'))", SECRET),
    "httpx": ('httpx.BasicAuth("ada", "SECRET")', SECRET),
    "SQL": ("CREATE USER 'ada'@'%' IDENTIFIED BY 'SECRET';", SECRET),
    "PowerShell": ('ConvertTo-SecureString "SECRET" -AsPlainText -Force', SECRET),
    "Oracle": ("jdbc:oracle:thin:scott/SECRET@//db:1521/ORCL", SECRET),
    "file of cookies": (f"# Netscape HTTP Cookie File\n.h.test\tTRUE\t/\tTRUE\t1735689600\tsid\t{SECRET}\n", SECRET),
    "cookie of a browser": ('[{"name":"sid","value":"SECRET","httpOnly":true}]', SECRET),
    "cookie of Selenium": ("[{'httpOnly': True, 'name': 'sid', 'value': 'SECRET'}]", SECRET),
    "AWS, as text": (f"ACCESSKEY\t{KEY_ID}\t2024-01-01\t{KEY}\tActive", KEY),
    "AWS, as CSV": (f"Access key ID,Secret access key\n{KEY_ID},{KEY}\n", KEY),
    "docker's file": (f'{{"auths":{{"h.test":{{"auth":"{LOGIN}"}}}}}}', LOGIN),
    ".npmrc": (f"_auth={LOGIN}\nalways-auth=true\n", LOGIN),
    "Secret of Kubernetes": ("apiVersion: v1\nkind: Secret\ndata:\n  dsn: SECRET\ntype: Opaque\n", SECRET),
    "Secret of Kubernetes, behind": ("data:\n  dsn: SECRET\nkind: Secret\nmetadata:\n  name: db\n", SECRET),
    "Secret of Kubernetes, JSON": ('{"kind":"Secret","data":{"dsn":"SECRET"},"type":"Opaque"}', SECRET),
    "list of arguments": ('["worker","--api-token","SECRET","--verbose"]', SECRET),
    "member of an object": ('{"client_secret":{"value":"SECRET","expires_at":1}}', SECRET),
    "member of an object, in a text": ('data: {"client_secret": {"value": "SECRET"}}', SECRET),
    "JSON, percent-encoded": ("GET /cb?payload=%7B%22api_key%22%3A%22SECRET%22%2C%22n%22%3A1%7D", SECRET),
    "URL, percent-encoded": ("https://h.test/?next=https%3A%2F%2Fi.test%2F%3Faccess_token%3DSECRET%26n%3D1", SECRET),
    "URL, percent-encoded twice": ("/?next=%252F%253Faccess_token%253DSECRET%2526n%253D1", SECRET),
}


@pytest.mark.parametrize(("text", "secret"), GIVEN.values(), ids=GIVEN)
def test_what_is_given_is_taken_out_and_the_rest_kept(text, secret):
    text = text.replace("SECRET", SECRET) if KEY not in text else text

    redacted = Redactor().string(text)

    assert redacted.replace(KEY_ID, "REDACTED") == text.replace(secret, "REDACTED").replace(KEY_ID, "REDACTED")
    assert Redactor().string(redacted) == redacted


@pytest.mark.parametrize(("text", "secret"), GIVEN.values(), ids=GIVEN)
def test_what_is_given_is_found_in_a_body_that_holds_nothing_else(text, secret):
    text = text.replace("SECRET", SECRET) if KEY not in text else text
    body = json.dumps({"messages": [{"role": "tool", "content": text}]}).encode()

    assert Look([]).is_suspicious(body)
    assert secret.encode() not in Redactor().body(body)


@pytest.mark.parametrize(
    "text",
    [
        "mysql -h db -P 3306 -u root -p app; mysql --protocol=tcp; man mysql -page",
        "docker run -p 8080:80 image && docker login -u ci --password-stdin",
        'curl -u "$USER:$PASS" https://h.test -b cookies.txt; sshpass -p $PASS ssh h; mysql -p"$PASS" app',
        "the author identified by name, IDENTIFIED BY ada and 'others'",
        '{"auth": "YXV0aGVudGljYXRpb24gaXMgb24=", "auth_url": "https://idp.test"}',
        "kind: ConfigMap\ndata:\n  url: https://h.test\n---\nkind: Secretary\ndata:\n  a: b\n",
        '{"kind": "ConfigMap", "data": {"dsn": "abc"}}',
        '["run", "--api-token", "--verbose", "--max-tokens", "100"]',
        "?q=100%25%3A%20sure&next=%2Fhome%3Fpage%3D2&tokens%3D12",
        '{"name": "sid", "value": "abc-123"}',
        "auth=(username, password), BasicAuth(user, password)",
    ],
)
def test_what_is_no_secret_is_kept(text):
    assert Redactor().string(text) == text
