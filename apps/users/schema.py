"""How the OpenAPI describes API keys and tokens. drf-spectacular finds the classes once this module is imported."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "apps.users.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ts_...",
            "description": "An API key, made on your account page and sent as `Authorization: Bearer ts_...`.",
        }


class JwtScheme(OpenApiAuthenticationExtension):
    target_class = "apps.users.jwt.authentication.JwtAuthentication"
    name = "jwt"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of `/auth/token/`, sent as `Authorization: Bearer eyJ...`.",
        }
