"""The folders are the data flow: a module imports its own folder and those to its left, and nothing else."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import plaudit

SIDE = "interop"  # may import whatever lies up to models, and only app imports it
ORDER = (
    "data", "text", "embeddings", "training", "models", "evaluation", "explanation", "audit", "tuning", "report",
    "batch", "server", "app",
)  # fmt: skip
NATIVE = "native"  # the kernels in C, below all
BELOW_ALL = (
    NATIVE,
    "errors", "setting_values", "settings", "config", "plugins", "registry", "budget", "expansion", "arrow_files",
    "cores", "cluster", "lazy", "progress", "scratch", "wording",
    "",  # the package itself: its version
)  # fmt: skip
ROOT = Path(plaudit.__file__).parent
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
PACKAGES = [name for _, name, is_package in pkgutil.walk_packages([str(ROOT)], "plaudit.") if is_package]


def imported(path: Path) -> set[str]:
    """Return the folders or modules right below `plaudit` that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "plaudit":
                part = rest.partition(".")[0]
                found.add(part if part in (*ORDER, SIDE, *BELOW_ALL) else "")
    return found


def modules_imported(path: Path) -> set[str]:
    """Return the modules whose names a file imports, also inside functions, but not for types alone."""
    found = set()
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node))]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def wrong_imports(path: Path) -> set[str]:
    """Return what a file imports that does not lie to its left."""
    home = path.parts[0].removesuffix(".py")
    if home in ("__init__", "__main__"):
        return set()  # the public names, loaded when used; the command line under another name
    last = "models" if home == SIDE else home
    left = set(ORDER[: ORDER.index(last) + 1]) if last in ORDER else set()
    if home in (SIDE, "app"):
        left.add(SIDE)
    return imported(path) - left - set(BELOW_ALL)


def test_imports_point_left() -> None:
    assert {str(path): wrong for path in MODULES if (wrong := wrong_imports(path))} == {}


def test_the_order_names_every_folder() -> None:
    assert {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()} == {*ORDER, SIDE, NATIVE}


def test_errors_and_config_import_nothing_above_them() -> None:
    assert imported(Path("errors.py")) == set()
    assert imported(Path("setting_values.py")) == {"errors"}
    assert imported(Path("settings.py")) == {"setting_values"}
    assert imported(Path("budget.py")) == {"errors"}
    assert imported(Path("config.py")) == {"budget", "errors", "registry", "setting_values"}


def test_no_drawer_for_odds_and_ends() -> None:
    names = {part.removesuffix(".py") for path in MODULES for part in path.parts}
    assert not names & {"utils", "util", "helpers", "misc", "common", "tools", "manager"}


def test_importing_the_package_imports_only_itself() -> None:
    code = "import sys, plaudit\nprint(sorted({name.partition('.')[0] for name in sys.modules}))"
    base = subprocess.run([sys.executable, "-c", code.replace(", plaudit", "")], capture_output=True, text=True)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = set(ast.literal_eval(done.stdout)) - set(ast.literal_eval(base.stdout)) - set(sys.stdlib_module_names)
    assert ours == {"plaudit"}


def test_every_public_name_is_there_and_listed() -> None:
    assert sorted(plaudit.__all__) == plaudit.__all__ == dir(plaudit)
    for name in plaudit.__all__:
        assert getattr(plaudit, name) is not None
    assert set(plaudit._HOMES) == set(plaudit.__all__) - {"__version__"}
    with pytest.raises(AttributeError, match="module 'plaudit' has no attribute 'nope'"):
        plaudit.nope  # noqa: B018


def test_a_packages_all_is_what_it_imports() -> None:
    for package in PACKAGES:
        module = importlib.import_module(package)
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        names = [
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plaudit.")
            if node.module != "plaudit.lazy"
            for alias in node.names
        ]
        if hasattr(module, "__all__"):
            assert sorted(module.__all__) == sorted(names), package
            if package != f"plaudit.{SIDE}":  # whose names need extras, and are loaded when used
                assert all(hasattr(module, name) for name in module.__all__), package


def test_no_two_modules_import_each_other() -> None:
    """Not even inside a function; only a package's door names what lies behind it."""
    files = [path for path in MODULES if path.name != "__init__.py"]
    names = {".".join(("plaudit", *path.with_suffix("").parts)): path for path in files}
    uses = {name: modules_imported(path) & names.keys() - {name} for name, path in names.items()}
    circles = {(a, b) for a, found in uses.items() for b in found if a in uses[b] and a < b}
    assert sorted(circles) == []


def test_the_type_marker_is_shipped() -> None:
    assert (ROOT / "py.typed").is_file()
