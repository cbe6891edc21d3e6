#!/usr/bin/env python3
"""The provider of `make e2e`, and its administrator.

    provider.py serve PORT      makes the database, the signing key, the client and the people; serves
    provider.py disable NAME    the account can sign in nowhere any more
    provider.py enable NAME     it can again
    provider.py leave NAME      the person is in no group any more
    provider.py join NAME       the person is in the group `engineering` again

Environment: PROVIDER_DIRECTORY, where the database is. For `serve` also TEAM_DOMAIN, the origin of the
team domain; PROVIDER_IDS, the last parts of its callbacks; CLIENT_SECRET; PEOPLE, the names of those
who have an account. All have the password `any` and are in the group `engineering`.
"""

import os
import sys

import django


def serve(port):
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    os.environ["PROVIDER_KEY"] = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
    ).decode()
    django.setup()

    from django.core.management import call_command
    from django.core.servers.basehttp import get_internal_wsgi_application, run

    call_command("migrate", verbosity=0)
    add_client()
    add_people()
    address = f"http://127.0.0.1:{port}"
    run(
        "127.0.0.1",
        port,
        get_internal_wsgi_application(),
        threading=True,
        on_bind=lambda _: print(f"listening at {address}", flush=True),
    )


def add_client():
    from oauth2_provider.models import Application

    team_domain = os.environ["TEAM_DOMAIN"]
    ids = os.environ["PROVIDER_IDS"].split(",")
    Application.objects.create(
        name="Portcullis",
        client_id="portcullis",
        client_secret=os.environ["CLIENT_SECRET"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris=" ".join(f"{team_domain}/callback/{id}" for id in ids),
        post_logout_redirect_uris=f"{team_domain}/logout",
        # The company's own client asks nobody for consent.
        skip_authorization=True,
    )


def add_people():
    from django.contrib.auth.models import Group, User

    engineering = Group.objects.create(name="engineering")
    for name in os.environ["PEOPLE"].split(","):
        person = User.objects.create_user(name, f"{name}@example.com", "any", first_name=name)
        person.groups.add(engineering)


def change(what, name):
    django.setup()

    from django.contrib.auth.models import Group, User

    person = User.objects.get(username=name)
    if what in ("disable", "enable"):
        person.is_active = what == "enable"
        person.save(update_fields=["is_active"])
    else:
        person.groups.set(Group.objects.filter(name="engineering") if what == "join" else [])


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    match sys.argv[1:]:
        case ["serve", port]:
            serve(int(port))
        case [("disable" | "enable" | "leave" | "join") as what, name]:
            change(what, name)
        case _:
            sys.exit(__doc__)
