"""What browsers are told to keep to: content policy, features, and who may embed us.

What a page needs beyond the site's policy is in docs/security.md, page by page.
"""

import base64
import hashlib
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE

# Jazzmin writes a few scripts and styles into its pages. Each is known by the hash of
# its text: no other runs. A test holds the pages against these lists.
_SCRIPTS = [
    "'sha256-nLEB6J7sxmSsTqwuB/NEyb2atpyjTdtHdfLxmsXvCP8='",  # light or dark
    "'sha256-F7GVayJMLy0KHikNUhjbBcBE0ax/V4knxuE9lJsuA6A='",  # lists: filters
]
_STYLE_ATTRIBUTES = [
    "width: auto; min-width: 250px;",  # lists: the search
    "margin-top: .2em;",  # lists: the marks of the order
    "margin-right: 5px; margin-left: 15px;",  # lists: actions
    "display: none;",
    "display: none",  # passwords: the name for password managers
    "margin-left:0; padding-top: 20px;",  # pop-up windows
]


def hash_of(text: str) -> str:
    """How a policy names an inline script or style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, *_SCRIPTS],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-hashes'", *map(hash_of, _STYLE_ATTRIBUTES)],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Swagger UI and ReDoc draw with styles of their own making, and ReDoc searches in a
# worker made of a blob. Scripts are as everywhere.
DESCRIPTION_POLICY = {
    "style-src": [SELF, UNSAFE_INLINE],
    "style-src-attr": [UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "worker-src": ["blob:"],
}

# Powerful features of browsers: no page of ours needs one.
PERMISSIONS_POLICY = {
    feature: "()"
    for feature in (
        "accelerometer", "autoplay", "bluetooth", "camera", "display-capture",
        "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid",
        "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer",
        "microphone", "midi", "otp-credentials", "payment", "picture-in-picture",
        "publickey-credentials-create", "publickey-credentials-get",
        "screen-wake-lock", "serial", "storage-access", "sync-xhr", "usb",
        "web-share", "xr-spatial-tracking",
    )
}  # fmt: skip
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# On every answer, static files and errors too.
EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Permissions-Policy": ", ".join(
        f"{feature}={who}" for feature, who in PERMISSIONS_POLICY.items()
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
