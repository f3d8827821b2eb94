/** The operations that write into their first operand: the ordinary ones, followed by the handover of overwrite.ts. */

import * as arithmetic from "./arithmetic.ts";
import * as blend from "./blend.ts";
import * as gather from "./gather.ts";
import * as join from "./join.ts";
import * as linear from "./linear.ts";
import * as logarithm from "./logarithm.ts";
import { inPlace } from "./overwrite.ts";
import * as pointwise from "./pointwise.ts";
import { cumsum } from "./reduce.ts";
import * as remainder from "./remainder.ts";
import * as rounding from "./rounding.ts";
import type { Operand } from "./table.ts";
import type { Tensor } from "./tensor.ts";
import * as trigonometry from "./trigonometry.ts";

/** torch.Tensor.add_: x ← x + alpha·other. */
export const add_ = inPlace(arithmetic.add as (x: Tensor, other: Operand, options?: { alpha?: number }) => Tensor);
/** torch.Tensor.sub_: x ← x − alpha·other. */
export const sub_ = inPlace(arithmetic.sub as (x: Tensor, other: Operand, options?: { alpha?: number }) => Tensor);
/** torch.Tensor.mul_: x ← x·other. */
export const mul_ = inPlace(arithmetic.mul as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.div_: x ← x/other. */
export const div_ = inPlace(arithmetic.div as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.pow_: x ← x^exponent. */
export const pow_ = inPlace(pointwise.pow as (x: Tensor, exponent: Operand) => Tensor);
/** torch.Tensor.floor_divide_: x ← ⌊x/other⌋. */
export const floorDivide_ = inPlace(remainder.floorDivide as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.remainder_: x ← x mod other. */
export const remainder_ = inPlace(remainder.remainder as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.fmod_: the rest with the sign of x. */
export const fmod_ = inPlace(remainder.fmod as (x: Tensor, other: Operand) => Tensor);
/** torch.Tensor.lerp_: x ← x + weight·(end − x). */
export const lerp_ = inPlace(blend.lerp);
/** torch.Tensor.addcmul_: x ← x + value·a·b. */
export const addcmul_ = inPlace(blend.addcmul);
/** torch.Tensor.addcdiv_: x ← x + value·a/b. */
export const addcdiv_ = inPlace(blend.addcdiv);
/** torch.Tensor.nan_to_num_. */
export const nanToNum_ = inPlace(blend.nanToNum);
/** torch.Tensor.addmm_: x ← beta·x + alpha·(a·b). */
export const addmm_ = inPlace(linear.addmm);
/** torch.Tensor.baddbmm_: x ← beta·x + alpha·(a·b), matrix by matrix. */
export const baddbmm_ = inPlace(linear.baddbmm);
/** torch.Tensor.clamp_: cut to [min, max]. */
export const clamp_ = inPlace(arithmetic.clamp);
/** torch.Tensor.clamp_min_: at least `min`. */
export const clampMin_ = inPlace(arithmetic.clampMin);
/** torch.Tensor.clamp_max_: at most `max`. */
export const clampMax_ = inPlace(arithmetic.clampMax);
/** torch.Tensor.masked_fill_: `value` where the mask is true. */
export const maskedFill_ = inPlace(arithmetic.maskedFill);
/** torch.Tensor.scatter_: `source` written to `index` along `dim`. */
export const scatter_ = inPlace(gather.scatter);
/** torch.Tensor.scatter_add_: `source` added at `index` along `dim`. */
export const scatterAdd_ = inPlace(gather.scatterAdd);
/** torch.Tensor.index_add_: slices of `source` added at `index` along `dim`. */
export const indexAdd_ = inPlace(gather.indexAdd);
/** torch.Tensor.index_copy_: slices of `source` written to `index` along `dim`. */
export const indexCopy_ = inPlace(gather.indexCopy);
/** torch.Tensor.index_fill_: `value` in the slices at `index` along `dim`. */
export const indexFill_ = inPlace(gather.indexFill);
/** torch.Tensor.tril_: zeros above the diagonal. */
export const tril_ = inPlace(join.tril);
/** torch.Tensor.triu_: zeros below the diagonal. */
export const triu_ = inPlace(join.triu);
/** torch.Tensor.cumsum_: running sums along one dimension. */
export const cumsum_ = inPlace(cumsum as (x: Tensor, dim: number) => Tensor);
/** torch.Tensor.neg_: x ← −x. */
export const neg_ = inPlace(arithmetic.neg);
/** torch.Tensor.reciprocal_: x ← 1/x. */
export const reciprocal_ = inPlace(arithmetic.reciprocal);
/** torch.Tensor.tanh_. */
export const tanh_ = inPlace(pointwise.tanh);
/** torch.Tensor.sigmoid_. */
export const sigmoid_ = inPlace(pointwise.sigmoid);
/** torch.Tensor.relu_. */
export const relu_ = inPlace(pointwise.relu);
/** torch.Tensor.exp_. */
export const exp_ = inPlace(pointwise.exp);
/** torch.Tensor.expm1_. */
export const expm1_ = inPlace(logarithm.expm1);
/** torch.Tensor.log_. */
export const log_ = inPlace(pointwise.log);
/** torch.Tensor.log1p_. */
export const log1p_ = inPlace(pointwise.log1p);
/** torch.Tensor.log2_. */
export const log2_ = inPlace(logarithm.log2);
/** torch.Tensor.log10_. */
export const log10_ = inPlace(logarithm.log10);
/** torch.Tensor.sqrt_. */
export const sqrt_ = inPlace(pointwise.sqrt);
/** torch.Tensor.rsqrt_. */
export const rsqrt_ = inPlace(logarithm.rsqrt);
/** torch.Tensor.abs_. */
export const abs_ = inPlace(pointwise.abs);
/** torch.Tensor.sign_. */
export const sign_ = inPlace(pointwise.sign);
/** torch.Tensor.sin_. */
export const sin_ = inPlace(trigonometry.sin);
/** torch.Tensor.cos_. */
export const cos_ = inPlace(trigonometry.cos);
/** torch.Tensor.erf_. */
export const erf_ = inPlace(pointwise.erf);
/** torch.Tensor.round_. */
export const round_ = inPlace(rounding.round);
/** torch.Tensor.floor_. */
export const floor_ = inPlace(rounding.floor);
/** torch.Tensor.ceil_. */
export const ceil_ = inPlace(rounding.ceil);
/** torch.Tensor.trunc_. */
export const trunc_ = inPlace(rounding.trunc);
/** torch.Tensor.square_: x ← x². */
export const square_ = inPlace(pointwise.square);
