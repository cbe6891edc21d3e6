"""What the toolkit leaves to the project: claims, and that accounts can be disabled."""

from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    # Claims that are not listed here are left out.
    oidc_claim_scope = OAuth2Validator.oidc_claim_scope | {"groups": "profile"}

    def get_additional_claims(self):
        return {
            "email": lambda request: request.user.email,
            "name": lambda request: request.user.get_full_name(),
            "groups": lambda request: sorted(request.user.groups.values_list("name", flat=True)),
        }

    # The toolkit itself goes on redeeming what a person got before the account was disabled.

    def validate_code(self, client_id, code, client, request, *args, **kwargs):
        valid = super().validate_code(client_id, code, client, request, *args, **kwargs)
        return valid and request.user.is_active

    def validate_refresh_token(self, refresh_token, client, request, *args, **kwargs):
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return valid and request.user.is_active
