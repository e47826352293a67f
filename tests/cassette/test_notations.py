"""Secrets beside their names, in every notation that a text may hold, and texts that only speak of them."""

import json

import pytest

from fakellm._cassette.look import Look
from fakellm._cassette.redact import Redactor

VALUE = "q7-Zx9-Lm2-Pk4"

NAMES = ["api_key", "openaiApiKey", "OPENAI_API_KEY", "x-api-key", "dbPassword", "bot_token", "client_secret", "DB_PWD"]

NOTATIONS = {
    "JSON": '{"NAME": "VALUE", "n": 1}',
    "JSON, compact": '{"n":1,"NAME":"VALUE"}',
    "JSON in a string": r'{"arguments": "{\"NAME\": \"VALUE\", \"n\": 1}"}',
    "JSON in a string in a string": r'{"a": "{\"b\": \"{\\\"NAME\\\": \\\"VALUE\\\"}\"}"}',
    "JSON in a text": r'{"content": "I sent {\"NAME\": \"VALUE\"} to it"}',
    "JSON that breaks off": '{"a": 1, "NAME": "VALUE", "b": [',
    "JSON in a string that breaks off": r"{\"NAME\": \"VALUE\", \"b\": [",
    "assignment at the end of a text of JSON that breaks off": """{"code": "NAME = 'VALUE'", "b": [""",
    "assignment in double quotes at the end of a text": """{'code': 'NAME = "VALUE"', 'b': [""",
    "YAML, block in JSON that breaks off": r'{"yaml": "NAME: |\n  VALUE\nport: 1", "b": [',
    "YAML, block in JSON in a string that breaks off": r'{"a": "{\"yaml\": \"NAME: |\\n  VALUE\\nport: 1\", \"b\": [',
    "JSON behind a line end": r'{"a": "line\n\"NAME\": \"VALUE\""}',
    "JSON of name and value": '[{"name": "NAME", "value": "VALUE"}]',
    "JSON of key and value, in a text": 'env: {"key": "NAME", "value": "VALUE"}, {"key": "n"}',
    "JSON of pairs": '[["NAME", "VALUE"], ["n", "1"]]',
    "JavaScript": "const options = { NAME: 'VALUE', n: 1 };",
    "JavaScript, template": "const options = {NAME: `VALUE`}",
    "Python dict": "{'NAME': 'VALUE', 'n': 1}",
    "Python keyword": 'client = Client(NAME="VALUE", n=1)',
    "Python assignment": 'NAME = "VALUE"',
    "Python annotation": 'NAME: str = "VALUE"',
    "Python annotation of a union": "NAME: str | None = 'VALUE'",
    "Python attribute": 'self.NAME = "VALUE"',
    "Python item": 'os.environ["NAME"] = "VALUE"',
    "Python item, single quotes": "headers['NAME'] = 'VALUE'",
    "Python bytes": "NAME = b'VALUE'",
    "Python tuple": "[('accept', '*/*'), ('NAME', 'VALUE')]",
    "Python tuple of bytes": "Headers([(b'NAME', b'VALUE')])",
    "Python comparison": 'if NAME == "VALUE":',
    "traceback": '  File "x.py", line 3, in f\n    connect(NAME="VALUE")\nConnectionError: NAME=\'VALUE\'',
    "repr": "Settings(NAME='VALUE', n=1)",
    "Go": 'NAME := "VALUE"',
    "Ruby": ':NAME => "VALUE"',
    "Java": 'String NAME = "VALUE";',
    "C#": 'var NAME = @"VALUE";',
    ".env": "A=b\nNAME=VALUE\nC=d",
    ".env, quoted": 'NAME="VALUE"',
    "shell": "export NAME=VALUE",
    "shell, quoted": "export NAME='VALUE' && run",
    "shell, for one command": "NAME=VALUE python x.py",
    "cmd": "set NAME=VALUE",
    "PowerShell": '$env:NAME = "VALUE"',
    "PowerShell, escaped": r'{"command": "$env:NAME = \"VALUE\""}',
    "YAML": "server:\n  NAME: VALUE\n  port: 1",
    "YAML, quoted": 'NAME: "VALUE"',
    "YAML, block": "NAME: |\n  VALUE\nport: 1",
    "YAML of name and value": "env:\n- name: NAME\n  value: VALUE",
    "YAML of name and value, in JSON": r'{"a": "env:\n- name: NAME\n  value: VALUE\n"}',
    "TOML": 'NAME = "VALUE"\nport = 1',
    "INI": "[server]\nNAME = VALUE\nport = 1",
    "properties": "server.NAME=VALUE",
    "header line": "POST / HTTP/1.1\r\nNAME: VALUE\r\nAccept: */*",
    "curl": "curl -H 'NAME: VALUE' https://h.test",
    "curl, escaped": r'{"cmd": "curl -H \"NAME: VALUE\" https://h.test"}',
    "option": "run --NAME VALUE --n 1",
    "option with =": "run --NAME=VALUE --n 1",
    "option, quoted": 'run --NAME "VALUE" --n 1',
    "XML element": "<server><NAME>VALUE</NAME></server>",
    "XML attribute": '<server NAME="VALUE" port="1"/>',
    "XML of key and value": '<add key="NAME" value="VALUE"/>',
    "HTML input": '<input type="hidden" name="NAME" class="wide" value="VALUE">',
    "HTML input, escaped": r'{"a": "<input name=\"NAME\" class=\"wide\" value=\"VALUE\">"}',
    "HTML meta": '<meta name="NAME" content="VALUE"/>',
    "pydantic": "1 validation error for Settings\nNAME\n  Input should be an integer [type=int, input_value='VALUE']",
    "end of a line": "login ada NAME VALUE",
    "list between zeros": "A=b\0NAME=VALUE\0C=d",
    "connection string": "Server=h;NAME=VALUE;Port=1",
    "URL": "https://h.test/x?a=b&NAME=VALUE&c=d",
    "URL, in JSON": '{"url": "https://h.test/x?NAME=VALUE"}',
    "fragment": "https://h.test/x#NAME=VALUE",
    "form": "a=b&NAME=VALUE&c=d",
    "form, escaped": "user%5BNAME%5D=VALUE&c=d",
    "form of parts": '--b\r\nContent-Disposition: form-data; name="NAME"\r\n\r\nVALUE\r\n--b--\r\n',
    "log line": "12:00 INFO connecting with NAME=VALUE to h",
    "Markdown": "Use `NAME`: `VALUE` here",
}


def unpacked(value):
    """A text of JSON as a value, and so each text in it: redacted JSON is written anew, without blanks."""
    if isinstance(value, str):
        try:
            return unpacked(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {name: unpacked(held) for name, held in value.items()}
    return [unpacked(held) for held in value] if isinstance(value, list) else value


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_value_beside_a_secret_name_is_taken_out_and_the_rest_kept(notation, name):
    body = notation.replace("NAME", name).replace("VALUE", VALUE)

    redacted = Redactor().body(body.encode()).decode()

    expected = body.replace(VALUE, "REDACTED")
    assert redacted == expected or unpacked(redacted) == unpacked(expected)
    assert Redactor().body(redacted.encode()).decode() == redacted


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
@pytest.mark.parametrize("name", ["max_tokens", "tokenizer", "keyboard", "prompt_cache_key", "page_token", "model"])
def test_value_beside_another_name_is_kept(notation, name):
    body = notation.replace("NAME", name).replace("VALUE", VALUE)

    assert Redactor().body(body.encode()).decode() == body


@pytest.mark.parametrize("notation", NOTATIONS.values(), ids=NOTATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_quick_look_sees_a_secret_name(notation, name):
    assert Look([]).is_suspicious(notation.replace("NAME", name).replace("VALUE", VALUE).encode())


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abcDEF12345", "Authorization: Bearer REDACTED"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic REDACTED"),
        ("use Basic dXNlcjpwYXNz there", "use Basic REDACTED there"),
        ("send Bearer q7Zx9Lm2Pk4vB8 with it", "send Bearer REDACTED with it"),
        ("Cookie: a=b; c=d\r\nAccept: */*", "Cookie: REDACTED\r\nAccept: */*"),
        ("Set-Cookie: session=abc; Path=/\nX: y", "Set-Cookie: REDACTED\nX: y"),
        ("curl -u ada:lovelace https://h.test", "curl -u ada:REDACTED https://h.test"),
        ("curl --user 'ada:lovelace'", "curl --user 'ada:REDACTED'"),
        ("postgres://ada:lovelace@h/db", "postgres://REDACTED@h/db"),
        ("https://token:q7Zx9Lm2Pk4v@h.test/r.git (fetch)", "https://REDACTED@h.test/r.git (fetch)"),
        (
            "machine h.test\n  login ada\n  password q7Zx9Lm2Pk4v\n",
            "machine h.test\n  login ada\n  password REDACTED\n",
        ),
        (
            "Key       Value\npassword  q7Zx9Lm2Pk4v\nuser      ada",
            "Key       Value\npassword  REDACTED\nuser      ada",
        ),
        ("kubeadm join h.test --token abcdef.a1b2c3d4e5f6a7b8", "kubeadm join h.test --token REDACTED"),
        ("I set the api_key to `q7Zx9Lm2Pk4v` there", "I set the api_key to `REDACTED` there"),
        ("PGPASSWORD=q7&Zx9 psql -h h.test", "PGPASSWORD=REDACTED psql -h h.test"),
        ('Authorization: Digest username="a", response="q7Zx9"', "Authorization: Digest REDACTED"),
        (
            "authorization: AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host;date, Signature=a1b2\nX: y",
            "authorization: AWS4-HMAC-SHA256 REDACTED\nX: y",
        ),
        ("Proxy-Authorization: NTLM TlRMTVNTUAABAAAA", "Proxy-Authorization: NTLM REDACTED"),
        ("DB_PASSWORD=postgres", "DB_PASSWORD=REDACTED"),
        ("Server=h;Password=postgres;Port=1", "Server=h;Password=REDACTED;Port=1"),
        ('{"token": "q7-Zx9-Lm2-Pk4"}', '{"token": "REDACTED"}'),
        ('password: "correct horse battery staple"', 'password: "REDACTED"'),
        ("my password is q7-Zx9-Lm2-Pk4, do not tell", "my password is REDACTED, do not tell"),
        ("ENV API_KEY q7-Zx9-Lm2-Pk4", "ENV API_KEY REDACTED"),
        ("CREATE USER ada PASSWORD 'q7-Zx9-Lm2-Pk4'", "CREATE USER ada PASSWORD 'REDACTED'"),
        ('builder.setApiKey("q7-Zx9-Lm2-Pk4")', 'builder.setApiKey("REDACTED")'),
        ('api_key = """q7-Zx9-Lm2-Pk4"""', 'api_key = """REDACTED"""'),
        ('(setq api-key "q7-Zx9-Lm2-Pk4")', '(setq api-key "REDACTED")'),
        ("My API key: q7Zx9Lm2Pk4", "My API key: REDACTED"),
        (r"{\"password\": \"hun\\\"ter2\", \"n\": 1}", r"{\"password\": \"REDACTED\", \"n\": 1}"),
    ],
)
def test_text_is_redacted(text, redacted):
    assert Redactor().text(text) == redacted
    assert Redactor().text(redacted) == redacted


ORDINARY = [
    """f("password='", password, "'")""",
    """echo('password="' + password + '"')""",
    """["api_key='", 5, "'"]""",
    "The password is case-sensitive. The token is gpt-4o, 4096 of them. The secret is out. A cookie is 4 KB.",
    "set_token(name), get_token('gpt-4o-mini-2024'), use_password(), with_token(1234567), count_token (2024-11-20)",
    "The api_key parameter, the api_key 'name', X_TOKEN unset, --api-key KEY, --token TOKEN, --password <password>",
    "from huggingface_hub.utils import hf_raise_for_status",
    '<style>#sk-container-id-1 div.sk-toggleable__content {max-height: 0;}</style>',
    '<label for="sk-estimator-id-12" class="sk-toggleable__label sk-toggleable__label-arrow">',
    "gsk_render_node_ref(node); gsk_gl_shader_new_from_resource(path)",
    "It costs $0.15 per million, or per token 0.000000150000 dollars.",
    "code=42 is the answer",
    "The password must be at least 8 characters long, with 1 digit.",
    "Your password is safe with us. Never share a password, an API key or a token.",
    "Password: required. Token: expired. Secret: none. Authorization: pending.",
    "Authorization: OAuth2, or Authorization: Bearer <token>",
    "The Authorization header takes a bearer token; Basic authentication is not supported.",
    "Bearer authentication, basic understanding, token counting",
    "interface User { name: string; password: string; token?: string; apiKey: string | null }",
    "class Settings(BaseModel):\n    api_key: SecretStr\n    password: str = Field(min_length=8)\n    token: Token",
    '{"type": "object", "properties": {"password": {"type": "string"}}, "required": ["password", "email"]}',
    'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"])',
    "client = OpenAI(api_key=os.getenv('OPENAI_API_KEY'), token=get_token(), password=getpass.getpass())",
    "client = Client(api_key=api_key, token=self.token, secret=settings.client_secret, password=config.db.password)",
    "const apiKey = process.env.OPENAI_API_KEY; const token = await getToken();",
    'OPENAI_API_KEY=YOUR_API_KEY\nTOKEN=<token>\nPASSWORD=${DB_PASSWORD}\nSECRET=$SECRET\nDB_PWD={{ db_password }}',
    'OpenAI(api_key="test"); OpenAI(api_key="fake", base_url="http://vllm.test"); OpenAI(api_key="EMPTY")',
    '{"dependencies": {"js-cookie": "^3.0.5", "secret": "1.0.0"}, "login.password": "Password"}',
    '{"labels": {"secret": "Secret"}}',
    "Send `Authorization: Bearer <token>`, where <token> is what /login gave.",
    "Enter the password twice\nand the token\nPassword policy\ntoken lifetime\nset the password to None",
    '<input type="password" name="password" placeholder="Password"><input name="q" value="key-lime-2024">',
    "env:\n- name: LOG_LEVEL\n  value: debug-2024-x\n- name: DB_PASSWORD\n  valueFrom: {secretKeyRef: {key: password}}",
    '  "integrity": "sha512-' + "q7Zx9Lm2Pk" * 8 + 'abcdEF=="',
    'api_key = "YOUR_API_KEY"; token = "<your token here>"; password = "********"; secret = "..."',
    "export OPENAI_API_KEY=your-api-key-here",
    'curl -H "Authorization: Bearer $OPENAI_API_KEY" https://api.openai.com/v1/models',
    'curl -H "x-api-key: ${ANTHROPIC_API_KEY}" https://api.anthropic.com',
    'password = input("Password: ", end=""); print("Token: ", token)',
    "for token in tokens:\n    key = token.lower()\n    if token == '(':\n        pass",
    'tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased"); pad_token="[PAD]"; eos_token = "</s>"',
    '{"usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}}',
    '{"logprobs": {"content": [{"token": " understanding", "logprob": -0.1, "bytes": [32, 117]}]}}',
    'data: {"token": "Hello"}\n\ndata: {"token": " world."}\n\n',
    '{"next_page_token": "CAUQAA8d7f6a5b4c3d2e1f", "continuation_token": "a1b2c3d4e5f6g7h8"}',
    '{"prompt_cache_key": "session-7f6a5b4c3d2e1f", "idempotency_key": "7f6a5b4c-3d2e-1f00"}',
    '{"key": "value-12345678", "primary_key": "id_12345678", "foreign_key": "user_1234567"}',
    "commit 3f786850e387550fdab836ed7e6dc881de23001b fixes it",
    "id 123e4567-e89b-12d3-a456-426614174000, md5 d41d8cd98f00b204e9800998ecf8427e",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "![](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==)",
    "https://example.org/search?q=key+lime+pie&page=2&sort=price&country_code=DE",
    "https://example.org/@someone?page=2&keyword=x",
    "see https://github.com/o/r/blob/main/src/token_utils.py#L12-L20",
    "files: id_rsa.pub, secrets.py, .env.example, password_reset.html, api_keys.md, token.txt",
    "chatcmpl-B8xYzAbCdEfGhIjKlMnOpQrStUv, resp_68c42d1b2a3c4d5e6f, call_AbCdEfGhIjKlMnOpQrStUvWx",
    "a task-management-system that is risk-averse, sk-learn and scikit, ask-me-anything-2024",
    "hf_hub, gsk_, AKIA, xox and eyJ are how they begin",
    "the secret of a good soup: patience. The key: onions. The token: a coin.",
    "Passing 3 of 4; passwords.txt; compass: north; passenger: 12A; author: Ada Lovelace 1815",
    "cookie: chocolate chip; cookies: 12; cookiecutter: round",
    "SECRET_KEY must be set. Set TOKEN or API_KEY. KEYBOARD_LAYOUT=de-nodeadkeys",
    "tokens: 151643, 151644; token: 151645; stop token: 198",
    "docker run -u 1000:1000 -v /data:/data image:1.2.3",
    "| API key | Token | Secret |\n|---|---|---|\n| none | none | none |",
    "git log --author=ada --oneline; ls --author; grep --regexp=token -n",
    "SELECT id, key, token_count FROM t WHERE key = 'a' AND token_type = 'bearer'",
    "@media (max-width: 1200px) { .key-visual-2 { color: #a1b2c3 } }",
    "import { useToken, TOKEN_KEY } from './auth/token-2'",
    "Die Schlüssel: 3 Stück. Le mot de passe: à changer. パスワード: なし",
    "pa-rt, pat-tern, fc-barcelona, pul-monary, SK-II, key-note, SG.A, sl.ow, dp.pt, do_v1_",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_survives(text):
    assert Redactor().text(text) == text
    assert Redactor().body(text.encode()) == text.encode()
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    assert Redactor().body(body) == body
