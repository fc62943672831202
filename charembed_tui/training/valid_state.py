"""What the state of a run has to be before anything goes on from it, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from charembed_tui.settings.training_settings import TrainingSettings
from charembed_tui.training.norms import names_of
from model import validity
from model.families import registry as families
from model.families.base import Model

_MOST_THREADS = 1024  # what nobody has
_LONGEST_NAME = 100


def require_valid(state: Mapping[str, Any], model: Model) -> None:
    """Check all of a `Trainer.state_dict` but the optimizer's own state.

    That one depends on the text, and is checked by the optimizer that goes on from it.

    Args:
        state: from a checkpoint.
        model: of the run, with D parameters.

    Raises:
        ValueError: something is not what it should be, or is missing.
    """
    try:
        _require_valid(state, model)
    except KeyError as error:
        raise ValueError(f"it lacks {error}") from None
    except (TypeError, AttributeError) as error:
        raise ValueError(f"it is none of a run: {error}") from None


def _require_valid(state: Mapping[str, Any], model: Model) -> None:
    steps = validity.whole(state["steps"], "number of steps")
    for name in ("seconds", "passes"):
        validity.number(state[name], f"number of {name}")
    validity.number(state.get("other_seconds") or 0.0, "number of other seconds")
    _require_parameters(state["theta"], "parameters", model)
    _require_settings(state["settings"], model)
    _require_best(state.get("best"), steps, model)
    _require_return(state.get("went_back"), steps)
    _require_switches(state, steps)
    validity.text(state["optimizer_name"], "optimizer's name", _LONGEST_NAME)
    for name in ("threads", "blas_threads"):  # not in runs of earlier versions
        if state.get(name) is not None:
            validity.whole(state[name], f"number of {name}", 1, _MOST_THREADS)
    validity.text(state.get("blas") or "", "name of BLAS")
    curve = _rows(state["curve"], "losses", 4, steps)
    held_out = _rows(state["held_out_curve"], "held-out losses", 4, steps)
    if len(held_out) and not np.array_equal(held_out[:, 0], curve[:, 0]):
        raise ValueError("its loss curves differ in length or in steps")
    if "norms" in state:  # not in runs of earlier versions
        _rows(state["norms"], "norms", 4 + len(names_of(model)), steps, may_miss=True)
        if not np.isnan(state["gradient_norm"]):
            validity.number(state["gradient_norm"], "gradient's norm")
    for name in ("objective", "fits"):
        if not isinstance(state.get(name) or {}, Mapping):
            raise ValueError(f"its state of {name} is none")
    if not isinstance(state["optimizer"], Mapping):
        raise ValueError("its optimizer's state is none")


def _require_parameters(theta: Any, name: str, model: Model) -> None:
    most = validity.LARGEST_PARAMETER
    try:
        validity.array(theta, name, (model.parameter_count,), most=most)
    except ValueError as error:
        raise ValueError(f"{error}: it is of another model, or damaged") from None


def _require_settings(saved: Any, model: Model) -> None:
    if not isinstance(saved, Mapping):
        raise ValueError("it has no settings")
    own = TrainingSettings.from_saved(saved).make_model(model.vocabulary_size)
    names = ["family", "embedding_size", "parameter_count"]
    if not families.find(own.family).counts:  # those become what they are on the text
        names.append("context_length")
    if any(getattr(own, name) != getattr(model, name) for name in names):
        raise ValueError("its settings are of another model")


def _require_best(best: Any, steps: int, model: Model) -> None:
    if not best:
        return  # in runs of earlier versions
    validity.whole(best["step"], "best step", most=steps)
    validity.number(best["seconds"], "seconds to the best step")
    validity.number(best["loss"], "best loss", -validity.MOST)
    _require_parameters(best["theta"], "best parameters", model)


def _require_return(went_back: Any, steps: int) -> None:
    if not went_back:
        return  # as most do not, and none of earlier versions
    step, seconds, loss = went_back
    validity.whole(step, "return to the best step", most=steps)
    validity.number(seconds, "seconds to the return to the best step")
    validity.number(loss, "loss at the return to the best step", -validity.MOST)


def _require_switches(state: Mapping[str, Any], steps: int) -> None:
    switches = state["switches"]
    names = state.get("switched_to", [""] * len(switches))  # older ones did not say to which
    if not (isinstance(switches, list) and isinstance(names, list) and len(names) == len(switches)):
        raise ValueError("its switches of the optimizer are none")
    for step, name in zip(switches, names, strict=True):
        validity.whole(step, "switch of the optimizer", most=steps)
        validity.text(name, "optimizer's name", _LONGEST_NAME)


def _rows(found: Any, name: str, columns: int, steps: int, *, may_miss: bool = False) -> Any:
    """Measurements, (n, columns), the first three columns of which say when."""
    validity.array(found, name, (None, columns), most=validity.MOST, may_miss=may_miss)
    for column, most in enumerate((steps, validity.MOST, validity.MOST)):
        when = found[:, column]
        if not ((when >= 0) & (when <= most)).all():
            raise ValueError(f"its {name} are of no time of the run")
        validity.ascending(when, name, strictly=column == 0)
    return found
