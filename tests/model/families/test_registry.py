"""Families by name, and that what only needs a name loads nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from bigrams import BIGRAMS, Bigrams

from model.errors import SettingsError
from model.families import registry
from model.families.log_bilinear.shape import LogBilinear


def test_log_bilinear_is_there() -> None:
    family = registry.find("log-bilinear")
    assert family.settings == ("embedding_size", "precision")
    model = family.make(vocabulary_size=5, context_length=2, embedding_size=3)
    assert model == LogBilinear(5, 2, 3)
    assert model.family == family.name


def test_advice_goes_with_the_length_of_a_text_and_the_size_of_a_batch() -> None:
    advice = registry.find("network").advice
    assert advice.on(499_999) == advice
    long = advice.on(500_000)
    assert (long.batch, long.weight_decay) == (2048, advice.weight_decay)
    assert long.learning_rate == pytest.approx(2**0.5 * advice.learning_rate)
    assert long.parts(500_000) == 244
    chosen = advice.on(1e6, 256)
    assert (chosen.batch, chosen.learning_rate) == (256, advice.learning_rate / 2)
    assert (advice.parts(1.0), advice.parts(1e5)) == (1, 98)
    whole = registry.find("log-bilinear").advice
    assert whole.on(1e9, 256) == whole
    assert whole.parts(1e9) == 1


def test_a_family_comes_and_goes() -> None:
    built_in = registry.names()
    with registry.registered(BIGRAMS) as family:
        assert registry.names() == (*built_in, "bigrams")
        made = registry.find("bigrams").make(vocabulary_size=4, context_length=2, slope=2.0)
        assert made == Bigrams(4, 2, 2.0)
        with pytest.raises(SettingsError, match="already"):
            registry.register(family)
    assert registry.names() == built_in


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"no family of models 'transformer'.*log-bilinear"):
        registry.find("transformer")


def test_names_and_settings_load_no_scipy() -> None:
    code = (
        "import sys\n"
        "from model.families import registry as families\n"
        "from model.optimizers import registry as optimizers\n"
        "names = [families.find(n).settings for n in families.names()]\n"
        "names += [optimizers.own_settings(n) for n in optimizers.names()]\n"
        "families.find('log-bilinear').make(5, 2, embedding_size=3)\n"
        "sys.exit('scipy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
