"""Ray, asked for when it is needed: a cluster that is there, or one on this machine for as long as it takes."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from plaudit.cores import usable_cores
from plaudit.errors import ConfigError, require

_STORE_BYTES = 400 << 20  # of a cluster that is started here, for what its processes hand each other


@contextlib.contextmanager
def connected(address: str | None = None) -> Iterator[Any]:
    """Connect to a Ray cluster, or start one on this machine; yield the module `ray`.

    What was started here ends with the context; it listens on 127.0.0.1 alone, shows no dashboard and sends no usage
    statistics.

    Args:
        address: Of the cluster, ``host:port`` or ``ray://host:port``; None: $RAY_ADDRESS, or without it one is started.

    Raises:
        MissingExtraError: The extra "ray" is not installed.
        ConfigError: There is no cluster at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = require("ray", extra="ray", purpose="Working on a cluster")
    if ray.is_initialized():
        yield ray
        return
    address = address or os.environ.get("RAY_ADDRESS") or None
    quiet: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        if address is None:
            ray.init(
                num_cpus=usable_cores(),
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = str(error).strip().split("\n")[0]
        where = "on this machine" if address is None else f"at {address}"
        raise ConfigError(f"Ray: no cluster {where}: {reason}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
