from pathlib import Path

import pytest

from config import KNOWN, Config, ConfigError


def config(home: Path, **settings: str) -> Config:
    return Config.from_env({"GSP_HOME": str(home), **settings})


def test_nothing_set_means_a_demo_night_on_this_machine_alone(tmp_path: Path) -> None:
    found = config(tmp_path / "var")
    assert (found.host, found.port, found.base_url) == ("127.0.0.1", 8050, "http://127.0.0.1:8050")
    assert found.demo
    assert found.watched_dirs == (tmp_path / "var" / "demo" / "raw",)
    assert found.database_url == f"sqlite:///{tmp_path / 'var' / 'gsp.db'}"
    assert found.redis_url is None
    assert found.workers >= 1


def test_raw_folders_end_the_demo(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    found = config(tmp_path / "var", GSP_RAW_DIRS=str(raw))
    assert not found.demo
    assert found.watched_dirs == (raw,)
    assert not config(tmp_path / "var", GSP_DEMO="off").demo


def test_secrets_are_made_once_for_this_account_only(tmp_path: Path) -> None:
    first, second = config(tmp_path), config(tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert first.redis_connection_url() == second.redis_connection_url()
    assert first.secret_key not in first.redis_connection_url()
    for name in ("secret_key", "valkey_password"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    given = "k3-Zx9_Qw7Lm2Vb8Nc5Rt1Yp6Hs4Jd0Gf"
    assert config(tmp_path, GSP_SECRET_KEY=given).secret_key == given


@pytest.mark.parametrize(
    "key",
    ["x", "given", "x" * 64, "0123456789abcdef" * 2, "ab" * 40, "k3-Zx9_Qw7Lm2Vb8Nc5Rt1Yp6Hs4Jd"],
)
def test_a_key_that_can_be_guessed_is_refused_with_the_way_to_a_good_one(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(ConfigError, match=r"^GSP_SECRET_KEY can be guessed.*token_urlsafe\(48\)"):
        config(tmp_path, GSP_SECRET_KEY=key)
    (tmp_path / "secret_key").write_text(key)
    with pytest.raises(ConfigError, match="secret_key can be guessed"):
        config(tmp_path)


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    assert config(tmp_path, **{name: "" for name in KNOWN - {"GSP_HOME"}}) == config(tmp_path)


def test_a_folder_inside_another_is_watched_once(tmp_path: Path) -> None:
    (tmp_path / "raw" / "night").mkdir(parents=True)
    dirs = f"{tmp_path / 'raw' / 'night'}:{tmp_path / 'raw'}:{tmp_path / 'raw'}"
    found = config(tmp_path / "var", GSP_RAW_DIRS=dirs)
    assert found.raw_dirs == (tmp_path / "raw",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GSP_PORT", "http"),
        ("GSP_PORT", "0"),
        ("GSP_PORT", "65536"),
        ("GSP_ALLOWED_HOSTS", "gsp.example:8050"),
        ("GSP_ALLOWED_HOSTS", "https://gsp.example"),
        ("GSP_WORKERS", "0"),
        ("GSP_WORKERS", "2.5"),
        ("GSP_DEMO", "yes"),
        ("GSP_DEMO_INTERVAL", "-1"),
        ("GSP_DEMO_INTERVAL", "nan"),
        ("GSP_RAW_POLL", "true"),
        ("GSP_RAW_DIRS", "/no/such/folder"),
        ("GSP_BASE_URL", "ftp://gsp.example.org"),
        ("GSP_BASE_URL", "http://"),
        ("GSP_DATABASE_URL", "mysql://localhost/gsp"),
        ("GSP_REDIS_URL", "localhost:6379"),
        ("GSP_SMTP_URL", "mail.example.org"),
        ("GSP_TRUSTED_PROXIES", "10.0.0.1"),
        ("GSP_TRUSTED_PROXIES", "-1"),
        ("GSP_COLOUR", "blue"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config(tmp_path / "var", **{name: value})
    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_raw_folders_must_not_hold_the_products(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="overlaps GSP_HOME"):
        config(tmp_path / "var", GSP_RAW_DIRS=str(tmp_path))
    products = tmp_path / "var" / "products"
    products.mkdir(parents=True)
    with pytest.raises(ConfigError, match="overlaps GSP_HOME"):
        config(tmp_path / "var", GSP_RAW_DIRS=str(products))


def test_a_home_too_deep_for_a_socket_is_refused_before_it_is_made(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    with pytest.raises(ConfigError, match="choose a shorter path"):
        config(deep)
    assert not deep.exists()
    assert config(deep, GSP_REDIS_URL="redis://localhost").home == deep


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(ConfigError, match="GSP_HOME"):
        config(tmp_path / "var")


def test_an_ipv6_address_gets_its_brackets(tmp_path: Path) -> None:
    assert config(tmp_path, GSP_HOST="::1").base_url == "http://[::1]:8050"
