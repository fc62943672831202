import pytest
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.settings import (
    OPTIMIZER_SETTINGS,
    OPTIMIZERS,
    RANGES,
    TrainingSettings,
    belongs,
    check,
)
from model.errors import SettingsError


def test_the_shape_is_that_of_the_source() -> None:
    settings = TrainingSettings()
    assert (settings.context_length, settings.embedding_size, settings.history_terms) == (3, 5, 6)
    assert settings.model(65).parameter_count == 1300


@pytest.mark.parametrize("name", RANGES)
def test_bounds_belong_to_the_range(name: str) -> None:
    _, least, most = RANGES[name]
    assert check(name, least) == least
    assert check(name, f" {most} ") == most
    assert type(check(name, most)) is (float if name == "learning_rate" else int)
    for beyond in (least - 1, most + 1):
        with pytest.raises(SettingsError, match="from"):
            check(name, beyond)
        with pytest.raises(SettingsError):
            TrainingSettings(**{name: beyond})


@given(st.sampled_from(sorted(RANGES)), st.text() | st.floats() | st.integers())
def test_any_value_is_a_setting_or_a_settings_error(name: str, value: object) -> None:
    label, least, most = RANGES[name]
    try:
        number = check(name, value)
    except SettingsError:
        with pytest.raises(SettingsError, match=f"^{label}: "):
            check(name, value)
    else:
        assert least <= number <= most


def test_each_optimizer_has_its_own_settings() -> None:
    assert check("learning_rate", "auto") == 0.0
    assert check("minibatches", "auto") == 0
    assert check("optimizer", "Adam") == "Adam"
    with pytest.raises(SettingsError, match="one of scaled L-BFGS, scaled SFO, SFO"):
        TrainingSettings(optimizer="Newton")
    shown = {o: {n for n in OPTIMIZER_SETTINGS if belongs(n, o)} for o in OPTIMIZERS}
    assert shown["SFO"] == shown["scaled SFO"] == {"optimizer", "minibatches", "history_terms"}
    assert shown["L-BFGS"] == shown["scaled L-BFGS"] == {"optimizer", "history_terms"}
    assert shown["Adam"] == shown["SGD"] == {"optimizer", "learning_rate"}
    assert all(belongs("context_length", optimizer) for optimizer in OPTIMIZERS)
