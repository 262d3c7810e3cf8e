"""Place phone calls with voice agents, follow them, and read what was said."""

from .gateway import AsyncCallgate, Callgate
from .generated.models import *  # noqa: F403
from .outcome import CallgateError
from .webhook import Notice, WebhookVerificationError, verify_webhook
