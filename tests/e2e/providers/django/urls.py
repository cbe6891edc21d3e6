"""The project's own sign-in page, and the toolkit below `/o`, so that the issuer has a path."""

from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("o/", include("oauth2_provider.urls")),
]
