"""Compile the kernels in src/plaudit/native when a wheel is built, where there is a C compiler; else the wheel is pure.

``python hatch_build.py`` compiles them into the source tree. The library needs no particular Python, so one wheel a
platform is enough. PLAUDIT_KERNELS=off builds a pure wheel; CC names another compiler.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
# -ffp-contract=off: a fused multiplication and addition rounds once where NumPy rounds twice
FLAGS = ("-std=c11", "-O3", "-Wall", "-Wextra", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off")


def compile_kernels(root: Path = ROOT) -> Path | None:
    """Compile the kernels beside their sources, whole or not at all; return the library, None without a compiler."""
    sys.path.insert(0, str(root / "src" / "plaudit" / "native"))
    try:
        import source_hash
    finally:
        sys.path.pop(0)
    target = source_hash.library_path()
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if os.environ.get("PLAUDIT_KERNELS") == "off" or os.name != "posix":
        return None
    if not shutil.which(compiler[0]):
        compiler = ["cc"]
    for old in target.parent.glob("kernels-*.so"):
        if old != target:
            old.unlink()
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / target.name
        command = [compiler[0], *FLAGS, "-o", str(made), *(str(path) for path in source_hash.c_files()), "-lm"]
        try:
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"plaudit: no compiled kernels, scoring and training are slower: {error}", file=sys.stderr)
            return None
        made.replace(target)
    return target


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # called as a program
    pass
else:

    class KernelHook(BuildHookInterface):  # type: ignore[type-arg, misc]
        """Put the compiled kernels into the wheel."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Compile, and name the platform in the wheel's tag."""
            if self.target_name == "wheel" and (library := compile_kernels(Path(self.root))) is not None:
                build_data["pure_python"] = False
                build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
                build_data["artifacts"].append(f"/{library.relative_to(self.root).as_posix()}")


if __name__ == "__main__":
    print(compile_kernels() or "no compiler: nothing compiled")
