"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bridge.settings")
pages = get_wsgi_application()

from bridge.webhooks import ahead  # noqa: E402 - only once Django is set up

application = ahead(pages)
