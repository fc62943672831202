"""The Sum of Functions Optimizer: stochastic quasi-Newton for sums of functions.

Sohl-Dickstein, Poole and Ganguli, Fast large-scale optimization by unifying stochastic gradient
and quasi-Newton methods, ICML 2014. The rooms: `optimizer` (a step), `subspace` (where it
computes), `quadratics` (the N models of the subfunctions and their sum), `hessian` (one model's
curvature from its history), `selection` (which subfunction comes next), `making` (for a text).
"""

from model.optimizers.sfo.making import lent_bytes, make, state_bytes
from model.optimizers.sfo.optimizer import SFO
from model.optimizers.sfo.selection import Replay

__all__ = ["SFO", "Replay", "lent_bytes", "make", "state_bytes"]
