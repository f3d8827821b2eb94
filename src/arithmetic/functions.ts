/** Functions of one number that are a line of arithmetic, as rules: SIMD lanes compute them four at a time. */
import type { Rule, RuleAlgebra } from "./rule.ts";

const line = (f: <V>(m: RuleAlgebra<V>, x: V) => V): Rule => ({
  arrays: 1,
  constants: 0,
  next: (m, [x]) => [f(m, x)],
});

/** x, or 0 where it is below. */
export const positivePart: Rule = line((m, x) => m.whereLess(x, 0, 0, x));
/** |x| */
export const size: Rule = line((m, x) => m.abs(x));
/** √x */
export const root: Rule = line((m, x) => m.sqrt(x));
/** −x */
export const opposite: Rule = line((m, x) => m.negate(x));
/** 1/x */
export const inverse: Rule = line((m, x) => m.div(1, x));
