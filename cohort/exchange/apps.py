"""Tables that come in from outside: the bulk import of public-use studies."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "cohort.exchange"
    label = "exchange"
    verbose_name = "Exchange"
