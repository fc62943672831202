"""How sure counts are after every context, beside their whole distributions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.families.ngrams.limits import Smoothing
from model.families.ngrams.predictor import NgramPredictor
from model.sequences import Sequences

V = 4


@given(
    lines=st.lists(st.lists(st.integers(1, V - 1), max_size=8), min_size=1, max_size=8),
    is_list=st.booleans(),
    order=st.integers(1, 5),
    smoothing=st.sampled_from(["kneser-ney", "witten-bell"]),
)
@settings(deadline=None, max_examples=25)
def test_entropies_and_peaks_are_those_of_the_distributions(
    lines: list[list[int]], is_list: bool, order: int, smoothing: Smoothing
) -> None:
    codes = np.array([code for line in lines for code in [*line, 0]], dtype=np.int32)
    counted = Sequences.of_lines(codes, 0) if is_list else Sequences.of(codes)
    predictor = NgramPredictor.from_sequences(counted, V, order, smoothing)
    sureness, draws = predictor.sureness(), predictor.draws()
    met = set()
    for end in range(len(codes) + 1):
        for start in range(max(0, end - order), end + 1):
            context = codes[start:end].tolist()
            number = draws.find(context)
            p, depths, rests = predictor.probabilities(np.array([[V] * order + context]))
            met.add(number)
            assert sureness.depths[number] == depths[0]
            assert sureness.rests[number] == rests[0]
            np.testing.assert_allclose(sureness.peaks[number], p.max(), rtol=1e-12)
            entropy = -(p * np.log(p)).sum()
            np.testing.assert_allclose(sureness.entropies[number], entropy, rtol=1e-9, atol=1e-12)
            for uniform in np.linspace(0.0, 0.99, 7):
                code, _, drawn_after, gram = draws.draw(number, float(uniform))
                if drawn_after == number:
                    np.testing.assert_allclose(sureness.probabilities[gram], p[0, code], rtol=1e-6)
    assert is_list or met == set(range(len(sureness.peaks)))
