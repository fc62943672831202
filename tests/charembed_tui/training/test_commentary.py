import numpy as np

from charembed_tui.training.commentary import Commentary
from charembed_tui.training.trajectory import Frame

VOCABULARY = tuple("\n .,abcdefghijklmnopqrstuvwxyzABCDEFGHIJ")
COUNTS = np.full(len(VOCABULARY), 10)


def run(moves: list[tuple[str, float]], frames: int = 40, seed: int = 0) -> list[Frame]:
    """A recording in which groups of characters wander away, each to a side of its own."""
    start = np.random.default_rng(seed).normal(size=(len(VOCABULARY), 4))
    result = []
    for step in range(frames):
        points = start.copy()
        for axis, (signs, distance) in enumerate(moves):
            for sign in signs:
                points[VOCABULARY.index(sign), axis] += distance * step / frames
        result.append(Frame(step, points))
    return result


def remarks(frames: list[Frame]) -> list[str]:
    commentary = Commentary(VOCABULARY, COUNTS)
    while commentary.read(frames, lambda theta: theta) or commentary.due <= frames[-1].step:
        pass
    return [remark.text for remark in commentary.remarks]


def test_nothing_is_said_of_what_stands_as_it_fell() -> None:
    for seed in range(10):
        assert remarks(run([], seed=seed)) == []


def test_classes_that_part_are_noticed_once() -> None:
    found = remarks(run([("aeiou", 15.0), ("ABCDEFGHIJ", 15.0)]))
    assert "vowels have found each other" in found
    assert "capitals left the lower case" in found
    assert len(set(found)) == len(found)


def test_a_sign_that_moves_to_another() -> None:
    frames = run([], frames=12)
    full_stop, line_end = VOCABULARY.index("."), VOCABULARY.index("\n")
    for frame in frames[4:]:
        frame.theta[line_end] = frame.theta[full_stop] + 0.01
    assert remarks(frames) == ["line ends moved to full stops"]


def test_what_is_said_does_not_depend_on_when_the_recording_is_read() -> None:
    frames = run([("aeiou", 15.0), ("ABCDEFGHIJ", 15.0)])
    slowly, at_once = Commentary(VOCABULARY, COUNTS), Commentary(VOCABULARY, COUNTS)
    for end in range(1, len(frames) + 1):
        slowly.read(frames[:end], lambda theta: theta, most=5)
    at_once.read(frames, lambda theta: theta, most=100)
    assert slowly.remarks == at_once.remarks
    first = at_once.remarks[0]
    assert at_once.at(first.step) == first.text
    assert at_once.at(first.step - 1) == ""


def test_other_scripts_have_their_classes() -> None:
    vocabulary = tuple("あいうえおかきくアイウエオカキク")
    points = np.random.default_rng(3).normal(size=(16, 3))
    frames = [Frame(step, points + (np.arange(16) < 8)[:, None] * step) for step in range(20)]
    commentary = Commentary(vocabulary, np.full(16, 9))
    commentary.read(frames, lambda theta: theta, most=100)
    texts = [remark.text for remark in commentary.remarks]
    assert "hiragana have found each other" in texts
    assert "hiragana left the katakana" in texts


def test_a_text_of_too_few_characters_is_not_spoken_of() -> None:
    commentary = Commentary(("a", "b"), np.array([9, 9]))
    assert not commentary.read([Frame(0, np.zeros((2, 2)))], lambda theta: theta)
