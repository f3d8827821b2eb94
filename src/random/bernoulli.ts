/**
 * Coins, and the masks that dropout throws with them: 1 with probability p, else 0.
 */
import { RuntimeError, ValueError } from "../check.ts";
import { type DrawArray, type DrawType, type FloatArray, fill, numberText, rounding, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";

/** Fills `out` with 1 or 0 by one probability p (Tensor.bernoulli_(p)). Two engine outputs each. */
export function bernoulli<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  p = 0.5,
  type: DrawType = typeOf(out),
): Out {
  if (!(p >= 0 && p <= 1)) {
    throw new RuntimeError(`bernoulli_ expects p to be in [0, 1], but got p=${numberText(p)}`);
  }
  return fill(out, type, () => (generator.u53() < p ? 1 : 0));
}

/**
 * Fills `out` with 1 or 0, each element by its own probability (torch.bernoulli of a tensor). The memory of the
 * probabilities decides: one engine output each for float32 and the 16-bit floats, two for float64.
 */
export function bernoulliEach<Out extends DrawArray>(
  generator: Generator,
  out: Out,
  probabilities: FloatArray,
  type: DrawType = typeOf(out),
): Out {
  if (!probabilities.every((p) => p >= 0 && p <= 1)) {
    throw new RuntimeError(
      "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  " +
        "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
    );
  }
  const wide = probabilities instanceof Float64Array;
  let i = 0;
  return fill(out, type, () => {
    const p = probabilities[i];
    i += 1;
    return (wide ? generator.u53() : generator.u24()) < p ? 1 : 0;
  });
}

/**
 * Fills `out` with dropout's factors: 0 with probability p, else 1/(1 - p). The dropped-out x is x times these, rounded.
 * Where nothing is left to chance, p = 0 and p = 1, nothing is drawn.
 */
export function dropoutMask<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  p: number,
  type: DrawType = typeOf(out),
): Out {
  expectDropoutProbability(p);
  if (p === 0 || p === 1) return fill(out, type, () => 1 - p);
  const keep = 1 - p;
  const scale = 1 / (type === "float64" ? keep : Math.fround(keep));
  return fill(out, type, () => (generator.u53() < keep ? scale : 0));
}

/**
 * Fills the factors and the shifts of alpha dropout (Klambauer et al. 2017), which keeps mean 0 and variance 1: the
 * dropped-out x is factor·x + shift, rounded twice. With A = SELU's scale·alpha and m the coin of an element,
 *
 *     a = 1/√((A²·p + 1)·(1 - p)),   factor = a·m,   shift = A·a·(m - 1) + A·a·p
 */
export function alphaDropoutMask<Out extends FloatArray>(
  generator: Generator,
  factor: Out,
  shift: Out,
  p: number,
  type: DrawType = typeOf(factor),
): void {
  expectDropoutProbability(p);
  shift.fill(0);
  if (p === 0 || p === 1) {
    factor.fill(1 - p);
    return;
  }
  const round = rounding(type);
  const factorOf = type === "float64" ? (x: number) => x : Math.fround;
  const a = 1 / Math.sqrt((SELU * SELU * p + 1) * (1 - p));
  fill(factor, type, () => (generator.u53() < 1 - p ? 1 : 0));
  for (let i = 0; i < factor.length; i++) {
    const coin = factor[i];
    // Torch's arithmetic with numbers: a factor is rounded to no less than float32, what is added to the dtype.
    factor[i] = round(coin * factorOf(a));
    shift[i] = round(round((coin - 1) * factorOf(SELU * a)) + round(SELU * a * p));
  }
}

const SELU = 1.7580993408473766;

function expectDropoutProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
  }
}
