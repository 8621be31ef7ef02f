"""From a config and weights to a SAM 2 model; one way for every checkpoint."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, cast

from breastwidget.engines.checkpoints import Checkpoint
from breastwidget.engines.fields import RunSettings
from breastwidget.engines.state_dict import differences, read_weights
from breastwidget.errors import CheckpointError

__all__ = ["build_model"]

# What the package's video predictor sets by default (`build_sam2_video_predictor`), except for
# the filling of holes, for which it has only CUDA code.
_POSTPROCESSING = (
    "model.sam_mask_decoder_extra_args.dynamic_multimask_via_stability=true",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_delta=0.05",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_thresh=0.98",
    "model.binarize_mask_from_pts_for_mem_enc=true",
)


def build_model(checkpoint: Checkpoint, overrides: tuple[str, ...] = ()) -> tuple[Any, RunSettings]:
    """`checkpoint`'s model (`SAM2Base`, in evaluation mode) with its weights, and how to run it.

    `overrides` change the config last. Raises `CheckpointError` where config and weights are not
    SAM 2's, or not of one architecture.
    """
    from hydra.errors import HydraException
    from hydra.utils import instantiate
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        config = OmegaConf.merge(
            OmegaConf.from_dotlist(list(_POSTPROCESSING)),  # first: a config that says so wins
            OmegaConf.load(_config_path(checkpoint)),
            OmegaConf.from_dotlist([*checkpoint.overrides, *overrides]),
        )
        values = cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))
        settings = _run_settings(values.get("run") or {})
        model = instantiate(config.model, _recursive_=True)
    except (
        OSError,
        HydraException,
        OmegaConfBaseException,
        YAMLError,
        TypeError,
        AttributeError,
    ) as error:
        raise CheckpointError(
            f"{checkpoint.config} is not a SAM 2 config ({str(error).splitlines()[0][:160]}); "
            "expected the sam2 package's own shape, with a model: section."
        ) from error
    weights = read_weights(checkpoint.weights)
    wrong = differences(model.state_dict(), weights)
    if wrong:
        raise CheckpointError(
            f"{checkpoint.weights} does not fit {checkpoint.config.name}: {wrong}. Put the config "
            "that it was trained with beside it, with the same stem and the suffix .yaml."
        )
    model.load_state_dict(weights)
    return model.eval(), settings


def _config_path(checkpoint: Checkpoint) -> Path:
    if checkpoint.config.is_absolute():
        return checkpoint.config
    return Path(str(resources.files("sam2").joinpath(*checkpoint.config.parts)))


def _run_settings(values: dict[str, Any]) -> RunSettings:
    run = dict(values)
    for name in ("mean", "std"):
        if isinstance(run.get(name), (int, float)):
            run[name] = (float(run[name]),) * 3
    if "window_percentiles" in run:
        low, high = run["window_percentiles"]
        run["window_percentiles"] = (float(low), float(high))
    for name, value in run.items():
        run[name] = tuple(value) if isinstance(value, list) else value
    return RunSettings(**run)
