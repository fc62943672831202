"""SFO written out as plainly as possible: the oracle of the fast one.

Every subfunction has a dense Hessian, every sum is a loop over all subfunctions, every inverse is
an inverse. What is left to chance comes from outside: the caller passes the subfunction of each
step and the newcomers to the active set, if the rules want one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from problems import SumProblem

Array = NDArray[np.float64]
TINY = 1e-12


@dataclass
class Subfunction:
    """What is known of one subfunction, in subspace coordinates."""

    position: Array
    gradient: Array
    hessian: Array
    diagonal: float = 0.0  # part of the Hessian's diagonal that is its own estimate's floor
    value: float = math.nan
    evaluations: int = 0
    history: list[tuple[Array, Array]] = field(default_factory=list)  # newest first


class OracleSFO:
    """The rules of the optimizer, one after another."""

    def __init__(
        self, problem: SumProblem, initially_active: list[int], history: int, algorithm: str
    ) -> None:
        self.problem, self.n = problem, problem.subfunctions
        self.most_history, self.algorithm = history, algorithm
        self.theta = problem.theta0.copy()
        d = len(self.theta)
        self.k_min = min(2 * self.n + 2, d)
        self.k_max = min(math.ceil(1.5 * (2 * self.n + 2)), d)
        self.full = self.k_max == d
        self.basis = np.zeros((d, self.k_max))
        self.used = 1
        self.basis[:, 0] = self.theta / np.linalg.norm(self.theta)
        if self.full:
            self.basis, self.used = np.eye(d), d
        k = self.k_max
        self.active = set(initially_active)
        x = self.basis.T @ self.theta
        self.subs = [Subfunction(x, np.zeros(k), np.zeros((k, k))) for _ in range(self.n)]
        for i in self.active:
            self.subs[i].diagonal = 1e5
            self.subs[i].hessian = 1e5 * np.eye(k)
        self.before = self.theta.copy()
        self.step_scale, self.improvement, self.distance = 1.0, 0.0, 0.0
        self.since_growth = 0
        self.collapses = self.failures = 0
        # Once the vectors to keep were dependent, the directions that fill up are arbitrary, and
        # so is what follows: two correct implementations may part there.
        self.is_determined = True
        self.wants_growth = False

    def step(self, i: int) -> None:
        """One step on subfunction i; `grow` follows."""
        value, gradient = self.evaluate(self.theta, i)
        sub = self.subs[i]
        failed = self.is_failure(sub, value)
        if failed:
            self.failures += 1
            value, gradient = self.recover(i, value, gradient)
        else:
            self.step_scale = 1 / self.n + (1 - 1 / self.n) * self.step_scale
        self.record(sub, self.basis.T @ self.theta, value, self.basis.T @ gradient)
        self.distance += float(np.linalg.norm(self.theta - self.before))
        self.update_hessian(sub)
        self.before = self.theta.copy()
        self.move()
        self.wants_growth = self.should_grow(failed)
        self.since_growth += 1

    def grow(self, newcomer: int | None) -> None:
        if newcomer is not None:
            self.active.add(newcomer)
            self.since_growth = 0

    def evaluate(self, theta: Array, i: int) -> tuple[float, Array]:
        value, gradient = self.problem.value_and_gradient(theta, i)
        self.subs[i].evaluations += 1
        length = np.linalg.norm(gradient)
        if not self.full and length >= TINY:
            direction = gradient / length
            for _ in range(3):
                direction = direction - self.basis @ (self.basis.T @ direction)
                length = np.linalg.norm(direction)
                if length < TINY:
                    return value, gradient
                direction = direction / length
                if length > 0.1:
                    break
            self.basis[:, self.used] = direction
            self.used += 1
            if self.used == self.k_max:
                self.collapse(gradient)
        return value, gradient

    def collapse(self, gradient: Array) -> None:
        self.collapses += 1
        keep = [self.subs[i].gradient for i in sorted(self.active)]
        keep += [self.subs[i].position for i in sorted(self.active)]
        keep += [self.basis.T @ gradient, self.basis.T @ self.theta]
        span, triangle = np.linalg.qr(np.array(keep).T)
        sizes = np.abs(np.diag(triangle))
        if sizes.min() < 1e-9 * sizes.max():
            self.is_determined = False
        # Directions for the rest: any orthonormal ones.
        everything, _ = np.linalg.qr(np.hstack([span, np.eye(self.k_max)]))
        turn = np.zeros((self.k_max, self.k_max))
        turn[: self.k_min] = everything[:, : self.k_min].T
        self.basis = self.basis @ turn.T
        for sub in self.subs:
            sub.position, sub.gradient = turn @ sub.position, turn @ sub.gradient
            sub.history = [(turn @ s, turn @ y) for s, y in sub.history]
            low_rank = sub.hessian - sub.diagonal * np.eye(self.k_max)
            sub.hessian = turn @ low_rank @ turn.T + sub.diagonal * np.eye(self.k_max)
        self.used = self.k_min

    def predict(self, sub: Subfunction, x: Array) -> float:
        d = x - sub.position
        return float(sub.value + sub.gradient @ d + 0.5 * d @ sub.hessian @ d)

    def is_failure(self, sub: Subfunction, value: float) -> bool:
        if not math.isfinite(value):
            return True
        if sub.evaluations == 1:
            others = [s.value for s in self.subs if s.evaluations > 1]
            return bool(others and value > np.mean(others) + 3 * np.std(others))
        if value > sub.value:
            predicted = self.predict(sub, self.basis.T @ self.theta)
            return value - predicted > self.improvement - (sub.value - predicted)
        return False

    def recover(self, i: int, value: float, gradient: Array) -> tuple[float, Array]:
        sub = self.subs[i]
        self.step_scale = max(self.step_scale / 2, 1e-5)
        value_before, gradient_before = self.evaluate(self.before, i)
        if math.isfinite(sub.value):
            change = abs(self.predict(sub, self.basis.T @ self.theta) - sub.value)
        else:
            change = abs(value - value_before)
        change = max(change, TINY) if math.isfinite(change) else TINY
        for _ in range(10):
            if value - value_before < 10 * change:
                break
            self.theta = 0.99 * self.before + 0.01 * self.theta
            value, gradient = self.evaluate(self.theta, i)
        if value < value_before:
            self.record(
                sub, self.basis.T @ self.before, value_before, self.basis.T @ gradient_before
            )
            return value, gradient
        if math.isfinite(value):
            self.record(sub, self.basis.T @ self.theta, value, self.basis.T @ gradient)
        self.theta = self.before.copy()
        return value_before, gradient_before

    def record(self, sub: Subfunction, x: Array, value: float, gradient: Array) -> None:
        if sub.evaluations > 1:
            s, y = x - sub.position, gradient - sub.gradient
            lengths = np.linalg.norm(s), np.linalg.norm(y)
            if min(lengths) >= TINY and abs(s @ y) / (lengths[0] * lengths[1]) >= TINY:
                sub.history = [(s, y), *sub.history][: self.most_history]
        sub.position, sub.gradient, sub.value = x, gradient, value

    def total_hessian(self) -> Array:
        """Of all; inactive ones have none."""
        return np.sum([sub.hessian for sub in self.subs], axis=0)

    def update_hessian(self, sub: Subfunction) -> None:
        k = self.k_max
        if not sub.history:
            sub.diagonal = float(np.median(np.linalg.eigvalsh(self.total_hessian()))) / len(
                self.active
            )
            sub.hessian = sub.diagonal * np.eye(k)
            return
        s_all = np.array([s for s, _ in sub.history]).T
        y_all = np.array([y for _, y in sub.history]).T
        q, _ = np.linalg.qr(np.hstack([s_all, y_all]))
        s_all, y_all = q.T @ s_all, q.T @ y_all
        root = y_all @ np.linalg.pinv(s_all)
        eigenvalues = np.sqrt(np.abs(np.linalg.eigvalsh(root.T @ root)))
        least = np.sort(eigenvalues)[-len(sub.history) :].min()
        sub.diagonal = float(max(least, eigenvalues.max() / 1e8))
        h = sub.diagonal * np.eye(q.shape[1])
        for column in reversed(range(len(sub.history))):
            length = np.linalg.norm(s_all[:, column])
            s, y = s_all[:, column] / length, y_all[:, column] / length
            if self.algorithm == "bfgs":
                h = h + np.outer(y, y) / (y @ s) - np.outer(h @ s, h @ s) / (s @ h @ s)
            else:
                rest = y - h @ s
                if rest @ s != 0:
                    h = h + np.outer(rest, rest) / (rest @ s)
        eigenvalues, vectors = np.linalg.eigh(h)
        weak = eigenvalues < np.abs(eigenvalues).max() / 1e8
        if weak.any():
            eigenvalues[weak] = np.median(eigenvalues[eigenvalues > 0])
        h = vectors @ np.diag(eigenvalues) @ vectors.T
        outside = sub.diagonal * (np.eye(k) - q @ q.T)
        sub.hessian = q @ h @ q.T + outside

    def total_gradient(self) -> Array:
        x = self.basis.T @ self.theta
        return np.sum([s.gradient + s.hessian @ (x - s.position) for s in self.subs], axis=0)

    def move(self) -> None:
        hessian = self.total_hessian()
        step = -np.linalg.inv(hessian) @ self.total_gradient() * self.step_scale
        length = float(np.linalg.norm(step))
        if length < 1e-8:
            step, length = step * 1e-8 / length, 1e-8
        evaluations = sum(sub.evaluations for sub in self.subs)
        if evaluations > self.n:
            longest = 10 * self.distance / evaluations
            if length > longest:
                step = step * longest / length
        self.theta = self.theta + self.basis @ step
        self.improvement = float(0.5 * step @ hessian @ step)

    def should_grow(self, failed: bool) -> bool:
        if len(self.active) == self.n:
            return False
        if min(self.subs[i].evaluations for i in self.active) < 2:
            return False
        gradients = np.array([self.subs[i].gradient for i in self.active])
        count = len(gradients)
        mean = gradients.mean(axis=0)
        inverse = np.linalg.inv(self.total_hessian())
        power = mean @ inverse @ mean
        error = sum(g @ inverse @ g for g in gradients - mean) / count / (count - 1)
        return failed or self.since_growth > count or error >= power
