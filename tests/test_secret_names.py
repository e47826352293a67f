"""Which names are those of secrets, judged by their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._secret_names import is_secret_name, is_secret_parameter, is_secret_variable, stems

SECRET_WORDS = """
    api_key apiKey api-key apikey APIKEY ApiKey API_KEY openai_api_key openaiApiKey OPENAI_API_KEY x-api-key
    X-Api-Key x-goog-api-key ocp-apim-subscription-key Ocp-Apim-Subscription-Key xi-api-key apiKey2 api_key_1
    api_keys API_KEY_PROD apiKeyOpenAI openaiKey ANTHROPIC_KEY access_key accessKey AWS_SECRET_ACCESS_KEY
    secret_access_key secretKey SECRET_KEY SECRET_KEY_BASE AccountKey SharedAccessKey private_key privateKey
    ssl.private-key signing_key encryption_key masterKey secret secrets client_secret clientSecret app_secret
    webhook_secret jwtSecret secretValue secret_id token bot_token authToken auth-token access_token accessToken
    accesstoken refresh_token id_token session_token bearer_token api_token apitoken sas_token csrf_token
    GITHUB_TOKEN HF_TOKEN X-Auth-Token x-amz-security-token IDToken OAuthToken token_value access_tokens password
    Password PASSWORD dbPassword DATABASE_PASSWORD db.password user[password] new_password password_confirmation
    password2 passwords passwd DB_PASSWD pwd userPwd passphrase ssh_passphrase passcode db_pass SMTP_PASS
    password_hash credential credentials aws_credentials creds authorization Authorization proxy-authorization
    cookie Cookie set-cookie session_cookie cookies auth_code authorizationCode code_verifier client_assertion
    PGPASSWORD presharedKey ansible_become_pass keystore_pass SecretString
    client-key-data connectionString connection_string jwt SharedAccessSignature spring.datasource.password
"""
HARMLESS_WORDS = """
    tokenizer TOKENIZER_MODEL tokenize tokens max_tokens maxTokens max_completion_tokens prompt_tokens total_tokens
    cached_tokens token_count tokenCount token_type tokenType token_ids token_limit tokens_per_second max_token
    stop_token eos_token pad_token_id first_token price_per_token completion_token page_token pageToken
    next_page_token nextPageToken NextToken continuation_token nextSyncToken sync_token cursor_token
    cancellation_token CancellationToken keyboard KEYBOARD_LAYOUT keycloak_url monkey MONKEY_PATCH key keys keyword
    keywords turkey hockey project_key prompt_cache_key idempotency_key Idempotency-Key cache_key primary_key
    foreign_key public_key sort_key partitionKey key_name access_key_id hotkey keyPath foreignKeys password_hint
    password_policy password_length PasswordReset password_url has_password is_secret use_token requires_password
    secretary secret_name secretName secretarial passing compass passenger pass first_pass bypass authorization_url
    authorization_endpoint authorizationType author authors authored authority credential_type credentials_file
    cookie_policy cookie_consent cookiecutter code zip_code status_code country_code error_code signature
    thoughtSignature encrypted_content string connection compassionate api api_version organization user id name
    value session_id request_id response_id tool_call_id content
"""
SECRET = [*SECRET_WORDS.split(), "API Key", "Secret access key", "Account Password"]
SENTENCES = ["", "The user asked what the secret of a good soup is and whether a token", "tell me the secret?", "é"]
HARMLESS = [*HARMLESS_WORDS.split(), *SENTENCES]


@pytest.mark.parametrize("name", SECRET)
def test_name_is_secret(name):
    assert is_secret_name(name)
    assert is_secret_parameter(name)
    assert is_secret_variable(name) or name.lower() == "pwd"


@pytest.mark.parametrize("name", HARMLESS)
def test_name_is_harmless(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize("name", ["key", "sig", "signature", "code", "X-Amz-Date", "X-Goog-Expires", "hmac"])
def test_short_name_is_secret_in_a_url_alone(name):
    assert is_secret_parameter(name)
    assert not is_secret_name(name)


@pytest.mark.parametrize("name", ["alt", "page", "keyword", "country_code", "api-version", "page_token", "v", ""])
def test_parameter_is_harmless(name):
    assert not is_secret_parameter(name)


@pytest.mark.parametrize("name", ["CACHE_KEY", "MY_KEY", "NPM_AUTH", "SENTRY_DSN", "DB_PASS", "GITHUB_PAT", "KEY"])
def test_variable_is_secret(name):
    assert is_secret_variable(name)


@pytest.mark.parametrize(
    "name",
    ["TOKENIZER_MODEL", "KEYBOARD_LAYOUT", "MONKEY_PATCH", "PWD", "OLDPWD", "PUBLIC_KEY", "SSH_AUTH_SOCK", "PATH", ""],
)
def test_variable_is_harmless(name):
    assert not is_secret_variable(name)


@given(st.lists(st.sampled_from([*SECRET, *HARMLESS]), max_size=3), st.sampled_from(["_", "-", ".", " ", ""]))
def test_every_secret_name_holds_a_stem(names, sign):
    name = sign.join(names)

    assert not is_secret_name(name) or any(stem in name.lower() for stem in stems())
