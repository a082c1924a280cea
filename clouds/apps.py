from django.apps import AppConfig


class CloudsConfig(AppConfig):
    name = "clouds"
    default_auto_field = "django.db.models.BigAutoField"
