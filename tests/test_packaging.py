"""The wheel and the editable install: what they hold, and that they read from any folder.

The environments are fresh but see the dependencies of the one the tests run in, so that nothing is
downloaded.
"""

import configparser
import os
import re
import shutil
import site
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from ocr import __version__, weights
from ocr.config import DISTRIBUTION, TORCH_INDEX, install_hint

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "images" / "phone_note.jpg"
SOURCES = ("setup.cfg", "pyproject.toml", "LICENSE", "README.md", "ocr", "training", "models")

pytestmark = [
    pytest.mark.skipif(not (ROOT / "setup.cfg").exists(), reason="not run from a checkout"),
    pytest.mark.skipif(
        find_spec("setuptools") is None or find_spec("pip") is None,
        reason="building needs pip and setuptools here",
    ),
]


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of what is packaged: building leaves files behind."""
    place = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        path = ROOT / name
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(path, place / name, ignore=ignored)
        elif path.exists():
            shutil.copy(path, place)
    return place


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    pip("wheel", source, "--no-deps", "--no-build-isolation", "--wheel-dir", place)
    (path,) = place.glob("*.whl")
    return path


def environment(place: Path) -> Path:
    """A fresh environment with the dependencies in reach; its folder of programs."""
    venv.create(place, with_pip=False)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    (packages,) = {
        Path(sysconfig.get_path(key, vars={"base": str(place), "platbase": str(place)}))
        for key in ("purelib", "platlib")
    }
    # A path file, and no site folder: editable installs of the outer environment stay out.
    reachable = [sysconfig.get_path("purelib"), *site.getsitepackages()]
    (packages / "dependencies.pth").write_text("\n".join(dict.fromkeys(reachable)) + "\n")
    return programs


def run(program: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        [str(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean,
        timeout=300,
        check=False,
    )


def test_wheel_content(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {
        "ocr",
        "training",
        f"ocr-{__version__}.dist-info",
    }
    held = {name.removeprefix("ocr/models/") for name in names if name.startswith("ocr/models/")}
    shipped = {path.name for path in weights.installed()} - {"page.safetensors"}  # to train on from
    assert {name for name in held if Path(name).suffix in weights.SUFFIXES} == shipped
    assert weights.CHECKSUMS in held or not shipped
    assert {"ocr/py.typed", "ocr/cli/__init__.py", "ocr/formats/page.schema.json"} <= set(names)
    assert any(name.endswith("LICENSE") for name in names)


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_installed_it_reads_from_any_folder(kind, wheel, source, tmp_path):
    programs = environment(tmp_path / "venv")
    target = ("--python", programs / "python", "install", "--no-deps")
    if kind == "wheel":
        pip(*target, wheel)
    else:
        pip(*target, "--no-build-isolation", "--editable", source)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    where = run(programs / "python", "-c", "import ocr; print(ocr.__file__)", cwd=elsewhere)
    home = source if kind == "editable" else tmp_path / "venv"
    assert Path(where.stdout.strip()).resolve().is_relative_to(home.resolve())
    assert run(programs / "ocr", "--version", cwd=elsewhere).stdout == f"ocr {__version__}\n"

    if not weights.installed() or not SAMPLE.exists():
        pytest.skip("no weights or samples yet")
    listed = run(programs / "ocr", "models", cwd=elsewhere)
    assert listed.returncode == 0, listed.stderr
    shutil.copy(SAMPLE, elsewhere / "photo.jpg")
    done = run(programs / "ocr", "read", "photo.jpg", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_only_named_packages_are_packaged():
    """Every folder of code is in setup.cfg: one that is forgotten would be missing in the wheel."""
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    listed = text.partition("packages =\n")[2].partition("package_dir")[0].split()
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("ocr", "training")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(listed) == found | {"ocr.models"}


def test_hints_name_the_distribution():
    """What messages tell to install is what setup.cfg calls it, with extras that there are."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert config["metadata"]["name"] == DISTRIBUTION
    asked = {
        extra
        for path in (ROOT / "ocr").rglob("*.py")
        for extra in re.findall(r"install_hint\(['\"](\w+)", path.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(config["options.extras_require"])
    for path in (ROOT / "ocr").rglob("*.py"):
        spelled = re.findall(r"pip install .?ocr\[", path.read_text(encoding="utf-8"))
        assert not spelled or path.name == "config.py", path
    assert TORCH_INDEX in install_hint("train")
