"""Ray, asked for when it is needed: a cluster that is there, or one on this machine for as long as it takes."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

from plaudit.cores import usable_cores
from plaudit.errors import ConfigError, require

_STORE_BYTES = 400 << 20  # of a cluster that is started here, for what its processes hand each other
_KNOCK_S = 10.0


@contextlib.contextmanager
def connected(part: str, *, address: str | None = None, n_cores: int | None = None) -> Iterator[Any]:
    """Connect to a Ray cluster, or start one on this machine; yield the module `ray`.

    What was started here ends with the context; nobody else can reach it, it shows no dashboard, and nothing is
    reported to anyone.

    Args:
        part: Of Ray, that the caller needs too: "ray.data", "ray.train.torch".
        address: Of the cluster, ``host:port`` or ``ray://host:port``; None: $RAY_ADDRESS, or without it one is started.
        n_cores: That a cluster started here counts; None: all that this process may use.

    Raises:
        MissingExtraError: The extra "ray" is not installed.
        ConfigError: There is no cluster at the address.
    """
    address = address or os.environ.get("RAY_ADDRESS") or None
    # All are read when Ray is imported. One machine talks to itself by 127.0.0.1, not by its public address: Ray's way
    # where it has no clusters (`get_node_ip_address`, ray/_private/services.py).
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address is None:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray = require("ray", extra="ray", purpose="Working on a cluster")
    require(part, extra="ray", purpose="Working on a cluster")
    logging.getLogger(".".join(part.split(".")[:2])).setLevel(logging.ERROR)
    if ray.is_initialized():
        yield ray
        return
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init(
                address="local",
                num_cpus=n_cores or usable_cores(),
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        else:
            _knock(address)
            ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = "on this machine" if address is None else f"at {address}"
        raise ConfigError(f"Ray: no cluster {where}: {' '.join(str(error).split())[:200]}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """See whether anyone listens there: Ray itself tries for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), _KNOCK_S).close()
