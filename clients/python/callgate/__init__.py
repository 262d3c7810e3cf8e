"""Place phone calls with voice agents, follow them, and read what was said."""

# `as` says to type checkers that these are for whoever imports the package.
from .exchange import CallgateError as CallgateError
from .gateway import AsyncCallgate as AsyncCallgate
from .gateway import Callgate as Callgate
from .generated.models import *  # noqa: F403
from .webhook import Notice as Notice
from .webhook import WebhookVerificationError as WebhookVerificationError
from .webhook import verify_webhook as verify_webhook
