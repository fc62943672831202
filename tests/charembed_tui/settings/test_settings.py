import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charembed_tui.settings.fields import Checked, Number
from charembed_tui.settings.loss_view import LossView
from charembed_tui.settings.presets import PRESETS, Preset
from charembed_tui.settings.sampling_settings import SamplingSettings
from charembed_tui.settings.training_settings import (
    TrainingSettings,
    belongs,
    changed,
    optimizer_settings,
)
from model.errors import SettingsError
from model.optimizers.registry import names


def test_the_shape_is_that_of_the_source() -> None:
    settings = TrainingSettings()
    assert (settings.context_length, settings.embedding_size, settings.history_terms) == (3, 5, 6)
    assert settings.make_model(65).parameter_count == 1300


KINDS: tuple[type[Checked], ...] = (TrainingSettings, SamplingSettings, LossView)
NUMBERS = [
    (kind, name, field)
    for kind in KINDS
    for name, field in kind.FIELDS.items()
    if isinstance(field, Number)
]


@pytest.mark.parametrize(("kind", "name", "field"), NUMBERS, ids=[n for _, n, _ in NUMBERS])
def test_bounds_belong_to_the_range(kind: type[Checked], name: str, field: Number) -> None:
    for bound in (field.least, field.most):
        assert field.check(bound) == field.check(f" {bound} ") == bound
        assert type(field.check(bound)) is field.kind
    for beyond in (field.least - 1.5, field.most + 1.5):
        if int(beyond) not in field.words.values():
            with pytest.raises(SettingsError, match=f"{field.label}: from"):
                kind(**{name: beyond})


def test_words_are_taken_however_they_are_spelled() -> None:
    assert TrainingSettings(optimizer="l-bfgs ", model="LOG-BILINEAR").optimizer == "L-BFGS"
    assert TrainingSettings(learning_rate="Auto", clip=" OFF").learning_rate == 0  # type: ignore[arg-type]
    assert LossView(scale="Log Both").log_y
    with pytest.raises(SettingsError, match="optimizer: one of auto"):
        TrainingSettings(optimizer="adamant")


@given(st.sampled_from(NUMBERS), st.text() | st.floats() | st.integers() | st.none())
def test_any_value_is_a_setting_or_a_settings_error(
    case: tuple[type[Checked], str, Number], value: object
) -> None:
    _, _, field = case
    try:
        number = field.check(value)
    except SettingsError:
        with pytest.raises(SettingsError, match=f"^{field.label}: "):
            field.check(value)
    else:
        assert field.least <= number <= field.most or number in field.words.values()
        assert field.check(field.text_of(number)) == number


def test_whole_numbers_of_any_length_are_checked() -> None:
    for number in (10**400, -(10**400), "9" * 400, "9" * 5000, "nan", float("nan"), "1e999"):
        for _, _, field in NUMBERS:
            with pytest.raises(SettingsError, match=f"^{re.escape(field.label)}: "):
                field.check(number)


@given(
    st.sampled_from(KINDS),
    st.dictionaries(
        st.text(max_size=3), st.none() | st.text() | st.floats() | st.lists(st.integers())
    ),
)
def test_settings_from_anything_saved(kind: type[Checked], saved: dict[str, object]) -> None:
    assert kind.from_mapping(saved) == kind()


def test_settings_survive_saving() -> None:
    settings = TrainingSettings(context_length=5, optimizer="Adam", learning_rate=0.1)
    saved = {name: getattr(settings, name) for name in settings.FIELDS}
    assert TrainingSettings.from_mapping(saved) == settings
    assert TrainingSettings.from_mapping({**saved, "seed": -5}).context_length == 5


def test_what_differs_is_reported_as_it_is_displayed() -> None:
    settings = TrainingSettings(context_length=5, optimizer="Adam", minibatches=7)
    assert changed(settings) == {"context_length": "5", "optimizer": "Adam"}


@pytest.mark.parametrize("preset", PRESETS, ids=[p.name for p in PRESETS])
@pytest.mark.parametrize("characters", [100, 10**9])
def test_presets_keep_what_is_not_theirs(preset: Preset, characters: int) -> None:
    before = TrainingSettings(seed=9, held_out=20, minimum_count=3)
    after = preset.apply(before, characters)
    assert (after.seed, after.held_out, after.minimum_count) == (9, 20, 3)
    assert preset.apply(after, characters) == after


def test_sampling_arguments() -> None:
    assert SamplingSettings(top_k=5).arguments() == {"temperature": 1, "top_k": 5, "top_p": 1}
    assert SamplingSettings().arguments()["top_k"] is None
    assert SamplingSettings.FIELDS["seed"].check("any") == -1


def test_each_optimizer_has_its_own_settings() -> None:
    typed = TrainingSettings(
        learning_rate="auto",  # type: ignore[arg-type]  # as somebody types it
        minibatches="auto",  # type: ignore[arg-type]
    )
    assert typed == TrainingSettings()
    with pytest.raises(SettingsError, match="one of auto, scaled L-BFGS, scaled SFO, SFO"):
        TrainingSettings(optimizer="Newton")
    shown = {o: {n for n in optimizer_settings() if belongs(n, o, "log-bilinear")} for o in names()}
    assert (
        shown["auto"]
        == shown["SFO"]
        == shown["scaled SFO"]
        == {"optimizer", "minibatches", "history_terms"}
    )
    assert shown["L-BFGS"] == shown["scaled L-BFGS"] == {"optimizer", "history_terms"}
    assert shown["Adam"] == shown["SGD"] == {"optimizer", "learning_rate", "clip"}
    network = {n for n in optimizer_settings() if belongs(n, "auto", "network")}
    assert network >= {"learning_rate", "weight_decay", "anneal_seconds", "clip"}
    assert belongs("hidden", "auto", "network")
    assert not belongs("prior", "auto", "network")
    assert not belongs("hidden", "auto", "log-bilinear")
    assert all(belongs("context_length", optimizer, "log-bilinear") for optimizer in names())


def test_the_automatic_optimizer_goes_by_the_size_of_the_text() -> None:
    auto = TrainingSettings()
    assert auto.chosen_optimizer(11_000, 65) == "scaled L-BFGS"
    assert auto.chosen_optimizer(141_000, 65) == "scaled SFO"
    assert TrainingSettings(optimizer="Adam").chosen_optimizer(10**9, 65) == "Adam"
