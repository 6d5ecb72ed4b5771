"""What is deployed is what is tested: compose file, image, nginx, settings and the page that explains them."""

from __future__ import annotations

import ast
import re

import pytest

from config.database_access import ROLES
from config.pipeline import PIPELINE
from tests import compose
from tests.architecture.source import ROOT, modules, parsed

SITE = compose.SITE
EXPLAINED = (ROOT / "docs" / "deploy.md").read_text()
# Read from the environment by the demo or the system alone: no setting of a site.
NOT_SETTINGS = {"DEMO_JSON", "DEMO_KILLS", "DEMO_SEED", "PORT", "SERVE", "TMPDIR", "PATH", "HOME", "LANG", "CHROMIUM"}


def read_settings() -> set[str]:
    """Every name that the site's code reads from the environment."""
    names = set()
    for path in modules():
        if path.relative_to(ROOT).parts[0] in ("demo", "replay"):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                called = ast.unparse(node.func)
                first = node.args[0]
                if isinstance(first, ast.Constant) and (
                    re.fullmatch(r"env\.(text|words|hosts|flag|number|path|key|choice|token|networks)", called)
                    or called.endswith("environ.get")
                ):
                    names.add(str(first.value))
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
                names.add(str(ast.literal_eval(node.slice)) if isinstance(node.slice, ast.Constant) else "")
    return {name for name in names if name} - NOT_SETTINGS


def test_the_compose_file_has_every_part_of_a_production_site() -> None:
    services = compose.services()
    assert set(services) == {*SITE, "postgres", "redis", "storage", "sealed", "nginx"}
    assert services["redis"]["command"][1:3] == ["--appendonly", "yes"]
    assert services["sweeper"]["deploy"]["replicas"] == 2
    published = [name for name, service in services.items() if "ports" in service]
    assert published == ["nginx"]


def test_every_volume_that_is_named_is_declared_and_every_image_is_pinned() -> None:
    whole = compose.document()
    for name, service in whole["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in whole["volumes"], f"{name}: {source}"
        if "build" not in service:
            tag = service["image"].partition(":")[2]
            assert re.search(r"\d", tag), f"{name}: {service['image']}"
        for other in service.get("depends_on", {}):
            assert other in whole["services"]


def test_the_sites_services_differ_by_their_command_their_rights_and_their_stages_only() -> None:
    services = compose.services()
    own = {"CONCOURS_DATABASE", "CONCOURS_STAGES", "CONCOURS_ROLE_PASSWORDS"}

    def common(name: str) -> dict[str, str]:
        environment = services[name]["environment"]
        return {key: value for key, value in environment.items() if key not in own and "SEALED" not in key}

    for name in SITE[1:]:
        assert common(name) == common("setup")
        assert services[name]["volumes"] == services["setup"]["volumes"]


def test_every_process_has_a_database_role_of_its_own_and_only_setup_owns_the_tables() -> None:
    services = compose.services()
    for name in SITE:
        address = services[name]["environment"]["CONCOURS_DATABASE"]
        user = "concours" if name == "setup" else f"concours_{name}"
        assert address.startswith(f"postgresql://{user}:${{POSTGRES_"), name
    assert set(ROLES) == set(SITE) - {"setup"}
    values = services["setup"]["environment"]["CONCOURS_ROLE_PASSWORDS"]
    assert dict(entry.split("=", 1) for entry in values.split(",")) == {
        role: f"${{POSTGRES_{role.upper()}_PASSWORD}}" for role in ROLES
    }


def test_the_store_of_the_truth_is_out_of_reach_of_web_intake_and_worker() -> None:
    services = compose.services()
    keys = services["sealed"]["environment"]
    assert not set(keys.values()) & set(services["storage"]["environment"].values())
    for name, service in services.items():
        environment, on_its_network = service.get("environment", {}), "truth" in service.get("networks", [])
        if name in ("setup", "scorer", "sweeper"):
            assert on_its_network and environment["CONCOURS_SEALED_S3_SECRET_KEY"] == keys["ROOT_SECRET_KEY"]
            assert environment["CONCOURS_SEALED"] != "none"
        elif name != "sealed":
            assert not on_its_network and not {key for key in environment if key.startswith("CONCOURS_SEALED_")}, name
            assert environment.get("CONCOURS_SEALED", "none") == "none"
    assert services["sealed"]["networks"] == ["truth"]
    stages = {name: services[name]["environment"]["CONCOURS_STAGES"] for name in ("worker", "scorer")}
    assert stages == {"worker": "other", "scorer": "truth"}


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("web", "uvicorn config.asgi:application"),
        ("intake", "uvicorn config.asgi:application"),
        ("worker", "celery -A config.celery worker"),
        ("scorer", "celery -A config.celery worker"),
        ("sweeper", "python manage.py sweep"),
        ("setup", "sh deploy/setup.sh"),
    ],
)
def test_a_service_runs_what_the_journey_runs(service: str, words: str) -> None:
    assert " ".join(compose.services()[service]["command"]).startswith(words)


def test_the_image_starts_what_web_starts() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in text
    command = re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1]
    assert ast.literal_eval(command) == compose.services()["web"]["command"][:6]
    assert re.search(r"^USER concours$", text, re.MULTILINE)


def test_compose_gives_only_settings_that_are_read_and_asks_for_every_secret() -> None:
    environments = [compose.services()[name]["environment"] for name in SITE]
    assert {name for environment in environments for name in environment} - {
        "DJANGO_SETTINGS_MODULE"
    } <= read_settings()
    for name, value in (pair for environment in environments for pair in environment.items()):
        if re.search(r"SECRET|AUDIT_KEY", name):
            assert value.startswith("${") and ":?" in value, f"{name} must have no default"
    address = set(re.findall(r"\$\{(\w+)", compose.FILE.read_text()))
    offered = set(re.findall(r"^(\w+)=", (ROOT / "deploy" / "example.env").read_text(), re.MULTILINE))
    assert address == offered


def test_every_setting_is_explained_and_every_explained_setting_exists() -> None:
    read = read_settings() | {"DJANGO_SETTINGS_MODULE"}
    rows = [line for line in EXPLAINED.splitlines() if line.startswith("| `")]
    explained = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]{5,})`", row.split("|")[1])}
    assert explained == read


def test_nginx_lets_nobody_ask_for_a_file_directly() -> None:
    text = (ROOT / "deploy" / "locations.conf").read_text()
    protected = re.search(r"location /protected/ \{(.*?)\n\}", text, re.DOTALL)
    assert protected is not None
    assert "internal;" in protected.group(1)
    assert "proxy_request_buffering off;" in text
    assert compose.services()["web"]["environment"]["CONCOURS_ACCEL_PREFIX"] == "/protected"


def test_documents_link_to_files_that_exist() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([\w./-]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_architecture_page_names_every_stage_and_its_work() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for step in PIPELINE:
        assert step.file.split("/")[0] in text
        for work in step.work:
            assert f"`{work}`" in text, work


def test_the_readme_is_one_screen_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 40
    assert "make demo" in text
    assert "make test" in text
