"""Reading weights without running any code that a file may carry."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breastwidget.errors import CheckpointError

if TYPE_CHECKING:
    import torch

__all__ = ["differences", "read_weights"]


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .safetensors, .pt or .pth file, by name.

    A .pt file holds them at the top level or under "model", as SAM 2's do. It is read with
    `weights_only=True`: a pickle that would run code is refused. Raises `CheckpointError`.
    """
    loaded = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    inner = loaded.get("model", loaded) if isinstance(loaded, Mapping) else loaded
    if not isinstance(inner, Mapping) or not inner or not _all_tensors(inner):
        raise CheckpointError(
            f"{path} holds no weights: expected a dictionary of tensors, or one under the key "
            f"'model', and got {type(inner).__name__}. Save it as "
            "torch.save({'model': model.state_dict()}, file)."
        )
    return dict(inner)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any], most: int = 3) -> str:
    """How the tensors `found` differ from those `expected`, in a few words; empty if they fit."""
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    shapes = [
        f"{name} is {tuple(found[name].shape)} and should be {tuple(expected[name].shape)}"
        for name in sorted(expected.keys() & found.keys())
        if found[name].shape != expected[name].shape
    ]
    parts = [
        f"{len(names)} {what} ({', '.join(names[:most])}{', …' if len(names) > most else ''})"
        for what, names in (("missing", missing), ("unexpected", extra), ("misshapen", shapes))
        if names
    ]
    return "; ".join(parts)


def _all_tensors(values: Mapping[Any, Any]) -> bool:
    import torch

    return all(isinstance(value, torch.Tensor) for value in values.values())


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _corrupt(path, error) from error


def _read_pickle(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch says "Unsupported global" or "Unsupported class" for anything but plain data.
        if "Unsupported" in str(error):
            raise CheckpointError(
                f"{path} was refused: it holds more than weights, and reading the rest could run "
                "code. Where you trust it, save its weights alone: "
                "torch.save({'model': model.state_dict()}, file)."
            ) from error
        raise _corrupt(path, error) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise _corrupt(path, error) from error


def _corrupt(path: Path, error: Exception) -> CheckpointError:
    reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else "it ends early"
    return CheckpointError(
        f"{path} is not a readable checkpoint ({reason}); delete it and fetch it again."
    )
