"""A container engine, and a stand-in for the base image where no registry can be reached.

Docker or Podman: what is asked of them here they understand alike. Podman gets a storage of its own in a folder that
is thrown away, so that nothing is left on the machine.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.processes import ROOT

IMAGE: Final = "localhost/hubspot-retention:proof"
STAND_IN: Final = "localhost/stand-in:3.11-slim-bookworm"
_RELEASE: Final = "bookworm"
_PACKAGES: Final = "ca-certificates,netbase,python3,tzdata"
_AUTHORITIES: Final = "etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine. `words`: the command with its global options; `limits`: what each container is given so that
    the engine can start it on a machine whose own limits are low."""

    words: tuple[str, ...]
    limits: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """docker or podman."""
        return self.words[0]

    def __call__(self, *words: str, text: str | None = None, check: bool = True) -> str:
        """Run it to its end; what it wrote to stdout."""
        ran = self.finished(*words, text=text)
        assert not check or ran.returncode == 0, (
            f"{self.name} {' '.join(words)}: {ran.stdout[-2000:]}{ran.stderr[-4000:]}"
        )
        return ran.stdout

    def finished(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever comes of it."""
        return subprocess.run(
            [*self.words, *words], input=text, capture_output=True, text=True, timeout=900, check=False
        )


@contextmanager
def an_engine(folder: Path, wanted: str = "") -> Iterator[Engine]:
    """Docker if there is one that answers, else Podman with a storage of its own, which is emptied afterwards."""
    docker = Engine(("docker",))
    if wanted != "podman" and shutil.which("docker") and docker.finished("version").returncode == 0:
        yield docker
        return
    assert wanted != "docker", "no Docker engine answers"
    assert shutil.which("podman"), "neither Docker nor Podman is here: apt-get install podman runc"
    runtime = ("--runtime", "runc") if shutil.which("runc") else ()
    place = ("--root", str(folder / "storage"), "--runroot", str(folder / "run"))
    podman = Engine(
        ("podman", *place, *runtime), ("--ulimit", "nproc=2048:2048", "--no-healthcheck", "--read-only-tmpfs=false")
    )
    try:
        yield podman
    finally:
        podman("rm", "--all", "--force", check=False)
        podman("rmi", "--all", "--force", check=False)
        for mounted in (folder / "storage" / "overlay", folder / "storage"):
            subprocess.run(["umount", "--quiet", str(mounted)], capture_output=True, check=False)


def build(engine: Engine, base: str) -> str:
    """Carry out the Dockerfile. `base`: what stands in for its base image, or nothing."""
    given = ("--build-arg", f"BASE={base}") if base else ()
    alone = ("--isolation", "chroot", "--format", "docker") if engine.name == "podman" else ()
    engine("build", *alone, *given, "--tag", IMAGE, str(ROOT))
    return IMAGE


def stand_in(engine: Engine, folder: Path) -> str:
    """An image like `python:3.11-slim-bookworm`, made of Debian's own packages: Python 3.11 in /usr/local/bin, pip in
    /usr/local/lib. Its interpreter is Debian's, not one compiled for the image; all else that the Dockerfile touches
    lies where it would."""
    root = folder / "base"
    _quietly("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _RELEASE, str(root))
    library = root / "usr/local/lib/python3.11"
    (library / "site-packages").mkdir(parents=True)
    shutil.rmtree(library / "dist-packages", ignore_errors=True)
    (library / "dist-packages").symlink_to("site-packages")
    shutil.rmtree(root / "usr/lib/python3.11/ensurepip", ignore_errors=True)
    _put_pip(library / "site-packages", folder)
    programs = root / "usr/local/bin"
    for name, target in (("python3.11", "/usr/bin/python3.11"), ("python3", "python3.11"), ("python", "python3.11")):
        (programs / name).symlink_to(target)
    (programs / "pip").write_text(
        "#!/usr/local/bin/python3.11\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n"
    )
    (programs / "pip").chmod(0o755)
    # Whom this machine trusts on its way to the package registry, the build trusts, too.
    shutil.copyfile(f"/{_AUTHORITIES}", root / _AUTHORITIES)
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run([*engine.words, "import", "-", STAND_IN], stdin=tar.stdout, capture_output=True, check=True)
    shutil.rmtree(root)
    return STAND_IN


def _put_pip(place: Path, folder: Path) -> None:
    _quietly(sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder / "pip"), "pip")
    with zipfile.ZipFile(next((folder / "pip").glob("pip-*.whl"))) as wheel:
        wheel.extractall(place)


def _quietly(*words: str) -> None:
    ran = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert ran.returncode == 0, f"{words[0]}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"
