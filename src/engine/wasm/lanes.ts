/**
 * The reader that turns a page into SIMD instructions: a value is a local of four floats, and each operation writes the
 * instructions that assign it. The elementary functions and the cells are read by it alike, so a kernel computes what
 * the page says, with the bits of the numbers reader.
 */
import type { DifferentiableAlgebra } from "../../cells/cell.ts";
import type { Float32Algebra, Operand } from "../algebra.ts";
import { sigmoid, tanh } from "../functions.ts";
import { type Code, code, type Local, type Scope } from "./assembler.ts";
import type { InstructionSet } from "./instruction-set.ts";
import { bitsOf, f32x4, i32, i32x4, v128 } from "./instructions.ts";

/** Four floats. */
export type Lane = Local<"v128">;

const SIGN_BIT = -0x80000000;
const ALL_BUT_SIGN = 0x7fffffff;
const ONE = bitsOf(1);
const LOW_23 = 0x007fffff;

/** Writes down what a page computes. */
export class Lanes implements Float32Algebra<Lane>, DifferentiableAlgebra<Lane> {
  readonly #scope: Scope;
  readonly #set: InstructionSet;
  readonly #constants = new Map<number, Lane>();
  #settings = "";
  #steps = "";

  constructor(scope: Scope, set: InstructionSet) {
    this.#scope = scope;
    this.#set = set;
  }

  /** Keeps a value in a local of its own. */
  keep(value: Code<"v128">): Lane {
    const local = this.#scope.local("v128");
    this.#steps += local.set(value).bytes;
    return local;
  }

  /** What was computed since this was last asked. */
  take(): Code {
    const steps = this.#steps;
    this.#steps = "";
    return code("nothing", steps);
  }

  /** The assignments of all constants: to stand at the top of the function, outside its loops. */
  constants(): Code {
    return code("nothing", this.#settings);
  }

  add(a: Operand<Lane>, b: Operand<Lane>): Lane {
    return this.keep(f32x4.add(this.#lane(a), this.#lane(b)));
  }
  sub(a: Operand<Lane>, b: Operand<Lane>): Lane {
    return this.keep(f32x4.sub(this.#lane(a), this.#lane(b)));
  }
  mul(a: Operand<Lane>, b: Operand<Lane>): Lane {
    return this.keep(f32x4.mul(this.#lane(a), this.#lane(b)));
  }
  div(a: Operand<Lane>, b: Operand<Lane>): Lane {
    return this.keep(f32x4.div(this.#lane(a), this.#lane(b)));
  }
  fma(a: Operand<Lane>, b: Operand<Lane>, c: Operand<Lane>): Lane {
    return this.keep(this.#set.multiplyAdd(this.#lane(a), this.#lane(b), this.#lane(c)));
  }
  sqrt(a: Lane): Lane {
    return this.keep(f32x4.sqrt(a));
  }
  // With a constant each is one instruction on x86, where `f32x4.neg` and `f32x4.abs` are three.
  negate(a: Lane): Lane {
    return this.keep(v128.xor(a, this.#constant(SIGN_BIT)));
  }
  abs(a: Lane): Lane {
    return this.keep(v128.and(a, this.#constant(ALL_BUT_SIGN)));
  }
  copySign(magnitude: Lane, sign: Lane): Lane {
    return this.keep(v128.or(magnitude, v128.and(sign, this.#constant(SIGN_BIT))));
  }
  min(a: Operand<Lane>, b: Operand<Lane>): Lane {
    const min = isBound(b) ? f32x4.pmin : f32x4.min;
    return this.keep(min(this.#lane(a), this.#lane(b)));
  }
  max(a: Operand<Lane>, b: Operand<Lane>): Lane {
    const max = isBound(b) ? f32x4.pmax : f32x4.max;
    return this.keep(max(this.#lane(a), this.#lane(b)));
  }
  powerOfTwo(k: Lane): Lane {
    // NaN becomes 0 or -2^31, and either is shifted to 0.
    const exponent = i32x4.shl(this.#set.truncate(k), i32.const(23));
    return this.keep(i32x4.add(exponent, this.#constant(ONE)));
  }
  biasedExponent(a: Lane): Lane {
    return this.keep(f32x4.convertI32x4(i32x4.shrU(a, i32.const(23))));
  }
  significand(a: Lane): Lane {
    return this.keep(v128.or(v128.and(a, this.#constant(LOW_23)), this.#constant(ONE)));
  }
  whereLess(a: Operand<Lane>, b: Operand<Lane>, then: Operand<Lane>, otherwise: Operand<Lane>): Lane {
    const less = f32x4.lt(this.#lane(a), this.#lane(b));
    return this.keep(this.#set.select(this.#lane(then), this.#lane(otherwise), less));
  }

  // What the pages of the cells add to that, in the roundings of cells/numbers.ts.

  neg(a: Lane): Lane {
    return this.negate(a);
  }
  sigmoid(a: Lane): Lane {
    return sigmoid(this, a);
  }
  tanh(a: Lane): Lane {
    return tanh(this, a);
  }
  relu(a: Lane): Lane {
    return this.whereLess(a, 0, 0, a);
  }
  sigmoidGrad(g: Lane, y: Lane): Lane {
    return this.mul(g, this.mul(this.sub(1, y), y));
  }
  tanhGrad(g: Lane, y: Lane): Lane {
    return this.mul(g, this.sub(1, this.mul(y, y)));
  }
  reluGrad(g: Lane, y: Lane): Lane {
    // the smallest float32 instead of 0: a NaN passes on, as in torch
    return this.whereLess(y, 2 ** -149, 0, g);
  }

  #lane(value: Operand<Lane>): Lane {
    return typeof value === "number" ? this.#constant(bitsOf(value)) : value;
  }

  #constant(bits: number): Lane {
    const known = this.#constants.get(bits);
    if (known) return known;
    const local = this.#scope.local("v128");
    this.#constants.set(bits, local);
    this.#settings += local.set(i32x4.const(bits)).bytes;
    return local;
  }
}

/** Whether it makes no difference which operand a minimum prefers: then one instruction does it instead of eight. */
function isBound(operand: Operand<Lane>): boolean {
  return typeof operand === "number" && operand !== 0 && !Number.isNaN(operand);
}
