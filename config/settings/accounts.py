"""What django-allauth (accounts, second factors) and django-axes (lock-outs) are told."""

from datetime import timedelta

ACCOUNT_ADAPTER = "apps.users.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
# allauth would count in a cache that may be away, and for an account wherever the guesses come from.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "apps.users.accounts.forms.LoginForm",
    "signup": "apps.users.accounts.forms.SignupForm",
    "reset_password": "apps.users.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.users.accounts.forms.ResetPasswordKeyForm",
    "set_password": "apps.users.accounts.forms.SetPasswordForm",
    "change_password": "apps.users.accounts.forms.ChangePasswordForm",
    "reauthenticate": "apps.users.accounts.forms.ReauthenticateForm",
}
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=2).total_seconds())

MFA_ADAPTER = "apps.users.accounts.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "activate_totp": "apps.users.accounts.forms.ActivateAppForm",
    "authenticate": "apps.users.accounts.forms.AuthenticateForm",
    "reauthenticate": "apps.users.accounts.forms.ReauthenticateCodeForm",
    "add_webauthn": "apps.users.accounts.passkey_forms.AddPasskeyForm",
    "login_webauthn": "apps.users.accounts.passkey_forms.LoginPasskeyForm",
    "authenticate_webauthn": "apps.users.accounts.passkey_forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "apps.users.accounts.passkey_forms.ReauthenticatePasskeyForm",
}
MFA_TOTP_ISSUER = "Touchstone"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_PASSKEY_LOGIN_ENABLED = True
# Otherwise nobody with a second factor could change their address. Nobody signs in to an unverified account anyway.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "apps.users.accounts.lockout.account_key"
AXES_CLIENT_IP_CALLABLE = "apps.users.accounts.lockout.network_key"
AXES_LOCKOUT_CALLABLE = "apps.users.accounts.lockout.answer_lockout"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "email", "csrfmiddlewaretoken", "next"]
