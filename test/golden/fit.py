"""Coefficients of the polynomials in src/engine/functions.ts: weighted minimax fits, rounded to float32.

Remez' exchange on a dense grid finds the polynomial whose weighted error is smallest at its worst. The coefficients are
then rounded one at a time, the one that matters most first, and the others are fitted again around it, so that each
rounding is made good by those that follow.
"""

from math import factorial

import numpy as np


def remez(x, target, weight, powers):
    """Coefficients c minimising max |weight·(sum c_j·x^powers_j - target)| over the grid x."""
    count = len(powers) + 1
    # The extrema of a Chebyshev polynomial are a good first guess for those of the error.
    middle, radius = (x[0] + x[-1]) / 2, (x[-1] - x[0]) / 2
    points = np.searchsorted(x, middle - radius * np.cos(np.linspace(0.02, np.pi - 0.02, count)))
    for _ in range(60):
        columns = [weight[points] * x[points] ** power for power in powers]
        signs = (-1.0) ** np.arange(count)
        solution = np.linalg.solve(np.stack([*columns, signs], axis=1), (weight * target)[points])
        error = weight * (sum(c * x**p for c, p in zip(solution, powers)) - target)
        # One extremum between any two changes of sign; of too many, the weaker end goes.
        changes = np.flatnonzero(np.diff(np.sign(error))) + 1
        extrema = [piece[np.argmax(np.abs(error[piece]))] for piece in np.split(np.arange(len(x)), changes)]
        while len(extrema) > count:
            extrema.pop(0 if abs(error[extrema[0]]) < abs(error[extrema[-1]]) else -1)
        if len(extrema) < count or np.array_equal(extrema, points):
            break
        points = np.array(extrema)
    return solution[:-1]


def fit(x, target, weight, degree):
    """Float32 coefficients of a polynomial of this degree, lowest power first."""
    rest, fixed = target.copy(), []
    for power in range(degree + 1):
        coefficient = remez(x, rest, weight, range(power, degree + 1))[0]
        fixed.append(np.float32(coefficient))
        rest = rest - np.float64(fixed[-1]) * x**power
    return fixed, np.max(np.abs(weight * rest))


def grid(low, high):
    """Points of [low, high] that crowd at both ends, where minimax errors have their narrowest waves."""
    return (low + high) / 2 - (high - low) / 2 * np.cos(np.linspace(0, np.pi, 20001))


def fits():
    """Each weight turns the error of the fitted piece into the relative error of the function."""
    # exp(r) = 1 + r + r²·P(r) for |r| <= ln(2)/2 and a little more, since k is rounded from an inexact product.
    r = grid(-0.34665, 0.34665)
    series = sum(r**n / factorial(n + 2) for n in range(16))
    yield "exp", *fit(r, series, r**2 / np.exp(r), 4)

    # log(1 + f) = f - f²/2 + f³·P(f) for sqrt(1/2) <= 1 + f <= sqrt(2).
    f = grid(np.sqrt(0.5) - 1 - 1e-6, np.sqrt(2) - 1 + 1e-6)
    near = np.abs(f) < 0.05  # where the closed form would cancel
    away = np.where(near, 1, f)
    series = sum((-f) ** n / (n + 3) for n in range(40))
    target = np.where(near, series, (np.log1p(away) - away + away**2 / 2) / away**3)
    weight = np.where(near, f**2, away**3 / np.log1p(away))
    yield "log", *fit(f, target, weight, 8)

    # tanh(x) = x + x·x²·P(x²) for |x| <= 1, as a function of s = x². Where tanh(x) - x would cancel it is
    # (sinh x - x·cosh x) / cosh x, whose numerator has a short series.
    s = grid(0, 1)
    x = np.sqrt(s)
    numerator = sum(s ** (n - 1) * (1 / factorial(2 * n + 1) - 1 / factorial(2 * n)) for n in range(1, 12))
    ratio = np.divide(np.tanh(x), x, out=np.ones_like(x), where=x > 0)
    yield "tanh", *fit(s, numerator / np.cosh(x), s / ratio, 7)


def make():
    return {name: [float(f"{c:.9g}") for c in coefficients] for name, coefficients, _ in fits()}


if __name__ == "__main__":
    for name, coefficients, error in fits():
        print(name, f"relative error 2^{np.log2(error):.1f}:", ", ".join(f"{c:.9g}" for c in coefficients))
