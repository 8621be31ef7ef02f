"""The exceptions that breastwidget raises on purpose.

Every message says what was expected, what came and what to do about it.

    BreastWidgetError
    ├── VolumeError        an image could not be read, or is not usable as a volume
    ├── ReferenceMaskError a reference segmentation does not fit its volume
    ├── PromptError        a box, mask or point that cannot prompt this volume
    ├── StrategyError      an unknown strategy, or an extent that cannot be visited
    ├── CheckpointError    a checkpoint that is missing, corrupt or of another architecture
    ├── OutputError        a result could not be written
    ├── DependencyError    an optional library or system package is missing
    └── EngineError        an engine failed although its input was good
"""

__all__ = [
    "BreastWidgetError",
    "CheckpointError",
    "DependencyError",
    "EngineError",
    "OutputError",
    "PromptError",
    "ReferenceMaskError",
    "StrategyError",
    "VolumeError",
]


class BreastWidgetError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns."""

    exit_code = 2


class VolumeError(BreastWidgetError):
    """An image that could not be read, or that cannot be used as a volume."""


class ReferenceMaskError(BreastWidgetError):
    """A reference segmentation that does not fit its volume, or that is empty."""


class PromptError(BreastWidgetError):
    """A box, mask or point that cannot prompt this volume."""


class StrategyError(BreastWidgetError):
    """An unknown strategy, or an extent that cannot be visited."""


class CheckpointError(BreastWidgetError):
    """A checkpoint that is unknown, missing, corrupt, unsafe or of another architecture."""


class OutputError(BreastWidgetError):
    """A result that could not be written; nothing half-written is left behind."""


class DependencyError(BreastWidgetError):
    """A library or system package that this step needs is not installed."""

    exit_code = 1


class EngineError(BreastWidgetError):
    """An engine failed although its input was good."""

    exit_code = 1
