"""Settings: where they come from, and what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from apportion.settings import Settings, SettingsError, load_settings


def test_without_anything_the_defaults_hold() -> None:
    loaded = load_settings({})

    assert (loaded.settings.host, loaded.settings.port, loaded.notices) == ("127.0.0.1", 6900, ())
    assert loaded.settings.home == Path("~/.apportion").expanduser()
    assert loaded.settings.cors_origins == ()


def test_what_is_given_wins_over_the_environment_and_that_over_names_of_1x() -> None:
    environ = {"APPORTION_PORT": "1", "ARGILLA_BASE_URL": "old", "APPORTION_BASE_URL": "new"}

    loaded = load_settings(environ, port=2)

    assert (loaded.settings.port, loaded.settings.base_url, loaded.settings.prefix) == (2, "/new/", "/new")
    assert loaded.notices == ()


def test_names_of_1x_are_understood_with_a_line_each() -> None:
    loaded = load_settings(
        {
            "CORS_ORIGINS": '["https://a.example.org"]',
            "ARGILLA_METADATA_FIELDS_LIMIT": "70",
            "ARGILLA_ELASTICSEARCH": "http://localhost:9200",
            "SECRET_KEY": "secret",
        }
    )

    assert loaded.settings.cors_origins == ("https://a.example.org",)
    assert loaded.settings.metadata_fields_limit == 70
    assert loaded.settings.secret_key == ""
    assert len(loaded.notices) == 4
    assert "APPORTION_CORS_ORIGINS" in loaded.notices[0]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("APPORTION_PORT", "many", "whole number from 0 to 65535, not 'many'"),
        ("APPORTION_METADATA_FIELDS_LIMIT", "101", "from 1 to 100"),
        ("APPORTION_DOCS_ENABLED", "perhaps", "true or false"),
        ("APPORTION_CORS_ORIGINS", "example.org", "https://"),
        ("APPORTION_TIMEZONE", "Mars/Olympus", "time zone"),
        ("APPORTION_TRUSTED_PROXY", "nginx", "addresses"),
    ],
)
def test_a_value_without_sense_is_refused_with_what_would_make_sense(
    name: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*{message}"):
        load_settings({name: value})


def test_a_short_secret_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"APPORTION_SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_misspelled_settings_are_mentioned() -> None:
    assert load_settings({"APPORTION_PROT": "1"}).notices == ("APPORTION_PROT is not a setting.",)


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "new")

    secret = settings.signing_key()

    assert len(secret) >= 32
    assert settings.signing_key() == secret
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


WRONG_DATABASES = [
    "mysql://anna:hush-hush@db/apportion",
    "postgresql://anna:hush-hush@db",
    "postgresql://anna:hush-hush@db:port/apportion",
    "postgresql://anna:hush#hush@db/apportion",
    "host=db password=hush-hush",
]


@pytest.mark.parametrize("url", WRONG_DATABASES)
def test_a_wrong_address_of_a_database_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError, match="APPORTION_DATABASE_URL must be empty, or an address") as refused:
        load_settings({"APPORTION_DATABASE_URL": url})
    assert "hush" not in str(refused.value)
    assert "anna" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://anna:hush-hush@db.example.org/team", "PostgreSQL db.example.org:5432/team"),
        ("postgres://anna:hush%2Fhush@db:6543/team%20b", "PostgreSQL db:6543/team b"),
        (
            "postgresql:///team?host=/run/postgresql&password=hush-hush",
            "PostgreSQL /run/postgresql:5432/team",
        ),
    ],
)
def test_a_database_is_named_without_its_password(url: str, name: str) -> None:
    settings = load_settings({"APPORTION_DATABASE_URL": url}).settings
    assert settings.store_name == name
    assert "hush" not in repr(settings)


def test_hosts_of_images_can_add_nothing_else_to_the_policy() -> None:
    given = "*.example.org, Images.example.org:8443,*"
    assert load_settings({"APPORTION_IMAGE_HOSTS": given}).settings.image_hosts == (
        "*.example.org", "images.example.org:8443", "*"
    )  # fmt: skip
    for wrong in ("https://a.example", "a b", "a; script-src *", "'unsafe-inline'", "a.*.example", "data:"):
        with pytest.raises(SettingsError, match="APPORTION_IMAGE_HOSTS"):
            load_settings({"APPORTION_IMAGE_HOSTS": wrong})
