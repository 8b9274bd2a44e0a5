"""The typed environment: every setting an operator may give, read once, wrong ones named in one line."""

import re
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from apps.core.secrets.keys import check_key
from apps.users.networks import read_networks
from config.mail import check_sender, mail_settings

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

LISTS = ("allowed_hosts", "csrf_trusted_origins", "metrics_networks", "secret_key_fallbacks", "secrets_keys")
"""Settings that are written with commas."""


class Env(BaseSettings):
    """Names are the environment's own, in lower case; `docs/settings.md` is made from these descriptions."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", case_sensitive=False)

    secret_key: str = Field("", description="Signs sessions and tokens. Embedded: made once and kept in the home.")
    secret_key_fallbacks: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Former secret keys, separated by commas: what they signed stays good."
    )
    secrets_keys: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Keys of stored secrets, separated by commas: the first encrypts, the others still decrypt. "
        "Embedded: made once and kept in the home.",
    )
    jwt_access_minutes: int = Field(10, ge=1, le=60, description="Minutes that an access token is good for.")
    jwt_refresh_days: int = Field(14, ge=1, le=365, description="Days that a refresh token is good for.")
    limit_key_per_minute: int = Field(
        6000, ge=1, le=1_000_000, description="Requests a minute of an API key that has no limit of its own."
    )
    limit_user_per_minute: int = Field(
        1200, ge=1, le=1_000_000, description="Requests a minute of a person, over all sessions and tokens."
    )
    limit_address_per_minute: int = Field(
        300, ge=1, le=1_000_000, description="Requests a minute of an address (IPv6: its /64) that is not signed in."
    )
    limit_sign_ins_per_minute: int = Field(
        30, ge=1, le=100_000, description="Forms of signing in, signing up and lost passwords from a network a minute."
    )
    debug: bool = Field(False, description="Django's debug pages. Never in production.")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["localhost", "127.0.0.1", "[::1]"],
        description="Host names the web answers to, separated by commas.",
    )
    csrf_trusted_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list, description="Origins (with scheme) that may post forms, when behind a TLS proxy."
    )
    secure: bool = Field(False, description="Cookies and redirects for HTTPS. On in production unless set to false.")
    hsts_seconds: int = Field(
        31_536_000, ge=0, le=63_072_000, description="How long browsers keep to HTTPS once they were here, with SECURE."
    )
    hsts_subdomains: bool = Field(True, description="Whether that holds for the names below the site's own.")
    hsts_preload: bool = Field(
        False, description="Whether browsers may ship with it: for a whole domain, once it is on their list."
    )
    csp_report_uri: str = Field("", description="Where browsers tell of what the policy of contents kept from running.")
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="Proxies before the web that add to X-Forwarded-For: who asks is read from there."
    )
    metrics_networks: Annotated[list[str], NoDecode] = Field(
        default=["127.0.0.0/8", "::1/128"],
        description="Networks from which /metrics is read without a key, with commas; empty: from none.",
    )
    database_url: str = Field("", description="postgresql://user:password@host/name. Empty: the embedded PostgreSQL.")
    redis_url: str = Field("", description="redis://host:6379. Empty: the embedded Valkey.")
    touchstone_home: Path | None = Field(None, description="State folder: databases, index, models, secret key.")
    touchstone_models: Path | None = Field(
        None, description="Folder of converted models. Default: var/models of the checkout."
    )
    session_idle_minutes: int = Field(
        480, ge=1, le=43_200, description="Minutes without a request after which a session ends."
    )
    session_max_hours: int = Field(
        336, ge=1, le=8760, description="Hours after signing in that a session ends in any case."
    )
    log_level: LogLevel = Field("INFO", description="Least level that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people or for machines.")
    time_zone: str = Field("UTC", description="Time zone of pages and schedules.")
    import_max_upload_mb: int = Field(256, ge=1, le=65536, description="Largest file the web accepts for an import.")
    embedding_threads: int = Field(1, ge=1, le=64, description="Threads one process gives to an embedding.")
    embedding_compiled: bool = Field(
        True, description="Embed in loops compiled for the CPU where it has AVX512-VNNI. Off: always with onnxruntime."
    )
    index_refresh_seconds: float = Field(
        0.5,
        gt=0,
        le=60,
        description="How long a process may search before it looks for edits. Edits show up this late.",
    )
    search_backend: Literal["files", "postgres"] = Field(
        "files", description="Where search looks: in index files on this machine, or in PostgreSQL (huge catalogues)."
    )
    sweep_chunk_cases: int = Field(
        1000, ge=1, le=10_000, description="Cases of a sweep that one task runs at most; of a small sweep a tenth."
    )
    sweep_chunks_at_once: int = Field(
        8, ge=1, le=1000, description="Tasks of one sweep that wait or run at a time. At least the number of workers."
    )
    evaluation_keep_days: int = Field(
        90, ge=1, le=3650, description="Days that each case's outcome is kept. Reports and pinned baselines stay."
    )
    calls_keep_days: int = Field(
        90, ge=1, le=3650, description="Days that each call of a model is kept. Counts by the minute stay."
    )
    site_url: str = Field("http://localhost:8000", description="Where people open the pages: links in messages.")
    gateway_url: str = Field(
        ":8001",
        description="Where browsers find the gateway: https://host, or :port of the pages' own host. Empty: nowhere, "
        "and pages ask every few seconds what has changed.",
    )
    gateway_concurrency: int = Field(
        2000, ge=1, le=100_000, description="Requests to models that one gateway process works on at a time."
    )
    gateway_key_concurrency: int = Field(
        1000, ge=1, le=100_000, description="How many of them one API key may have at a time."
    )
    gateway_timeout_seconds: float = Field(
        600, ge=1, le=3600, description="How long a request to a model may take, with all tries and its whole answer."
    )
    semantic_check_share: float = Field(
        0.02,
        ge=0,
        le=1,
        description="The share of answers given to other words that are asked for anew, to see if they were right.",
    )
    gateway_max_body_mb: int = Field(16, ge=1, le=1024, description="Largest request to a model, pictures in it too.")
    email_url: str = Field(
        "", description="smtp://user:password@host:587?tls=1 (or ssl=1) to send e-mail with. Empty: none is sent."
    )
    email_from: str = Field("touchstone@localhost", description="Sender of e-mail.")
    signup_open: bool = Field(
        False, description="Whether anybody may make themselves an account, as a viewer. Needs EMAIL_URL."
    )
    require_second_factor: Literal["off", "staff", "all"] = Field(
        "off", description="Who must set up a second factor: nobody, curators and admins, or everybody."
    )
    language_model: str = Field(
        "auto",
        description="The language model run on this machine: auto (what make model fetched, if anything), off, or the "
        "path of a GGUF file.",
    )
    language_model_threads: int = Field(
        0, ge=0, le=256, description="Threads given to that language model. 0: as many as there are processors."
    )
    language_model_context: int = Field(
        8192, ge=512, le=1_048_576, description="Tokens that a request to it and its answer may have together."
    )
    language_model_slots: int = Field(
        2, ge=1, le=64, description="Requests that it works on at a time, each with memory for a context of its own."
    )
    webhook_private_networks: bool = Field(False, description="Whether webhooks may go to private and local addresses.")
    provider_private_networks: bool = Field(
        True,
        description="Whether models may be at private and local addresses, as Ollama and vLLM are. Those that hand out "
        "a cloud machine's credentials never are.",
    )

    @field_validator(*LISTS, mode="before")
    @classmethod
    def split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("secrets_keys")
    @classmethod
    def check_secrets_keys(cls, value: list[str]) -> list[str]:
        return [check_key(key) for key in value]

    @field_validator("metrics_networks")
    @classmethod
    def check_metrics_networks(cls, value: list[str]) -> list[str]:
        return read_networks(value)

    @field_validator("csp_report_uri")
    @classmethod
    def check_report_uri(cls, value: str) -> str:
        if value and (not value.startswith(("https://", "/")) or set(value) & set("; ,'") or not value.isprintable()):
            raise ValueError("must be an address such as https://example.com/reports")
        return value

    @field_validator("database_url")
    @classmethod
    def check_database_url(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql:// (Touchstone keeps its vectors in PostgreSQL)")
        return value

    @field_validator("redis_url")
    @classmethod
    def check_redis_url(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("gateway_url")
    @classmethod
    def check_gateway_url(cls, value: str) -> str:
        if not re.fullmatch(r"(:[0-9]{1,5}|(https?|wss?)://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?)?", value):
            raise ValueError("must be such as https://live.example.com or :8001, or empty")
        return value

    @field_validator("language_model")
    @classmethod
    def check_language_model(cls, value: str) -> str:
        if value not in ("auto", "off") and not Path(value).is_absolute():
            raise ValueError("must be auto, off, or the whole path of a GGUF file")
        return value

    @field_validator("time_zone")
    @classmethod
    def check_time_zone(cls, value: str) -> str:
        from zoneinfo import available_timezones

        if value not in available_timezones():
            raise ValueError("is not a time zone name such as Europe/Rome")
        return value

    @field_validator("email_url")
    @classmethod
    def check_email_url(cls, value: str) -> str:
        mail_settings(value, "")
        return value

    @field_validator("signup_open")
    @classmethod
    def check_signup_open(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("email_url"):
            raise ValueError("needs EMAIL_URL, since who signs up proves their address by e-mail")
        return value

    @field_validator("email_from")
    @classmethod
    def check_email_from(cls, value: str) -> str:
        return check_sender(value)


def read_env() -> Env:
    """The environment, checked; a wrong value ends the process with one line that names it."""
    try:
        return Env()
    except ValidationError as error:
        first = error.errors()[0]
        fail_setting(str(first["loc"][0]).upper(), first["msg"].removeprefix("Value error, "))


def require(env: Env, *names: str) -> None:
    """Ends the process, naming the setting, unless each of `names` was given a value."""
    for name in names:
        if not getattr(env, name) or name not in env.model_fields_set:
            fail_setting(name.upper(), "is required in production and is not set")


def fail_setting(name: str, reason: str) -> NoReturn:
    print(f"touchstone: setting {name} {reason}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
    raise SystemExit(2)
