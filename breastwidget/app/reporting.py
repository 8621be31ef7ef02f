"""For whoever has nobody to raise to: an error becomes one sentence in the status line."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

from breastwidget.app.model import AppModel, Status
from breastwidget.errors import BreastWidgetError

__all__ = ["reporting"]

_log = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")


def reporting(model: AppModel, action: Callable[_Arguments, object]) -> Callable[_Arguments, None]:
    """`action`, its errors shown in the model's status and not raised."""

    @functools.wraps(action)
    def report(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            action(*args, **kwargs)
        except BreastWidgetError as error:
            model.update(status=Status(str(error), "error"))
        except Exception as error:
            _log.exception("an action of the app failed")
            model.update(status=Status(f"That did not work: {error}", "error"))

    return report
