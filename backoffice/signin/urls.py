"""Where /account/ leads."""

from django.urls import path

from backoffice.signin import pages, password_pages, second_factor_pages, single_sign_on

app_name = "account"

urlpatterns = [
    path("", pages.home, name="home"),
    path("login/", pages.SignIn.as_view(), name="login"),
    path("logout/", pages.SignOut.as_view(), name="logout"),
    path("password/", password_pages.ChangePassword.as_view(), name="password"),
    path("forgotten/", password_pages.Forgotten.as_view(), name="forgotten"),
    path(
        "reset/<str:uid>/<str:token>/",
        password_pages.ChooseByLink.as_view(),
        name="reset",
    ),
    path(
        "activate/<str:uid>/<str:token>/",
        password_pages.AcceptInvitation.as_view(),
        name="activate",
    ),
    path(
        "second-factor/", second_factor_pages.second_factor_page, name="second_factor"
    ),
]

sso_urlpatterns = (
    [
        path("login/<str:backend>/", single_sign_on.begin, name="begin"),
        path("complete/<str:backend>/", single_sign_on.complete, name="complete"),
    ],
    "social",
)
