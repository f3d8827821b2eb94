/**
 * unrolled: PyTorch's recurrent networks, written by hand. `import * as torch from "unrolled"` reads like `import torch`;
 * `nn`, `F` and `optim` are torch.nn, torch.nn.functional and torch.optim.
 */
import "./autograd/methods.ts";

// Operations
export { argmax, argmin } from "./autograd/argmax.ts";
export {
  add,
  clamp,
  clampMax,
  clampMin,
  div,
  eq,
  ge,
  gt,
  isfinite,
  isinf,
  isnan,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  maskedFill,
  mul,
  ne,
  neg,
  reciprocal,
  rsub,
  sub,
  where,
} from "./autograd/arithmetic.ts";
export { bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from "./autograd/bitwise.ts";
export { addcdiv, addcmul, atan2, lerp, logaddexp, nanToNum, type Replacements, xlogy } from "./autograd/blend.ts";
export {
  arange,
  empty,
  emptyLike,
  eye,
  fromNumpy,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  type TensorData,
  tensor,
  zeros,
  zerosLike,
} from "./autograd/create.ts";
export { cuda, device } from "./autograd/device.ts";
export { diag, diagEmbed, diagonal, trace } from "./autograd/diagonal.ts";
export { einsum } from "./autograd/einsum.ts";
export {
  amax,
  amin,
  aminmax,
  argsort,
  max,
  median,
  min,
  sort,
  topk,
  unique,
  type ValuesAndIndices,
} from "./autograd/extremes.ts";
export type { SizeAndOptions, TensorOptions } from "./autograd/factory.ts";
export {
  bincount,
  gather,
  indexAdd,
  indexCopy,
  indexFill,
  indexSelect,
  maskedSelect,
  nonzero,
  scatter,
  scatterAdd,
  take,
  takeAlongDim,
} from "./autograd/gather.ts";
export type { Index } from "./autograd/index.ts";
export {
  cat,
  chunk,
  dstack,
  flip,
  hstack,
  meshgrid,
  repeat,
  repeatInterleave,
  roll,
  split,
  stack,
  tile,
  tril,
  triu,
  unbind,
  vstack,
} from "./autograd/join.ts";
export { allclose, equal, isclose, isTensor, numel, type Tolerance } from "./autograd/layout.ts";
export { addmm, addmv, baddbmm, bmm, dot, matmul, mm, mv, outer, type SumWeights } from "./autograd/linear.ts";
export { expm1, log2, log10, rsqrt } from "./autograd/logarithm.ts";
export { maximum, minimum } from "./autograd/maximum.ts";
// Gradients
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./autograd/mode.ts";
export {
  abs,
  erf,
  exp,
  log,
  log1p,
  pow,
  relu,
  sigmoid,
  sign,
  sqrt,
  square,
  tanh,
} from "./autograd/pointwise.ts";
export {
  bernoulli,
  getRngState,
  multinomial,
  normal,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  setRngState,
} from "./autograd/random.ts";
export {
  all,
  any,
  countNonzero,
  cumprod,
  cumsum,
  mean,
  norm,
  prod,
  type ReduceDims,
  type SpreadOptions,
  std,
  sum,
  var,
} from "./autograd/reduce.ts";
export { floorDivide, fmod, remainder } from "./autograd/remainder.ts";
export { ceil, floor, round, trunc } from "./autograd/rounding.ts";
export {
  broadcastTo,
  contiguous,
  flatten,
  moveaxis,
  movedim,
  narrow,
  permute,
  ravel,
  select,
  squeeze,
  swapaxes,
  swapdims,
  t,
  transpose,
  unflatten,
  unsqueeze,
  view,
  viewAs,
} from "./autograd/shape.ts";
export { logSoftmax, logsumexp, softmax } from "./autograd/softmax.ts";
// Tensors
export { Tensor } from "./autograd/tensor.ts";
export { acos, asin, atan, cos, cosh, sin, sinh, tan } from "./autograd/trigonometry.ts";
export { clone, reshape } from "./autograd/views.ts";
export * as autograd from "./autograd.ts";
export type { Algebra, Cell } from "./cells/cell.ts";
// The pages of mathematics
export * as cells from "./cells.ts";
// Errors
export {
  AssertionError,
  AttributeError,
  IndexError,
  KeyError,
  NotImplementedError,
  RuntimeError,
  TorchError,
  ValueError,
} from "./check.ts";
// dtypes and shapes
export {
  bfloat16,
  bool,
  type Data,
  type DType,
  double,
  float,
  float16,
  float32,
  float64,
  getDefaultDtype,
  half,
  int,
  int8,
  int16,
  int32,
  int64,
  long,
  promoteTypes,
  type Scalar,
  setDefaultDtype,
  uint8,
} from "./dense/dtype.ts";
export { format } from "./dense/format.ts";
export { OrderedDict } from "./dense/ordered-dict.ts";
export { f, print } from "./dense/print.ts";
// Text
export { getPrintOptions, setPrintOptions, withPrintOptions } from "./dense/print-options.ts";
export { float as pyFloat } from "./dense/python-float.ts";
export { repr, str } from "./dense/python-text.ts";
export { Size } from "./dense/size.ts";
export { Tuple, tuple } from "./dense/tuple.ts";
// The engine
export { engine } from "./engine/settings.ts";
// Files
export { loadNpy, loadNpz, saveNpy, saveNpz } from "./files/numpy.ts";
export type { Handle, Sliceable } from "./files/reach.ts";
export {
  loadSafetensors,
  type Metadata,
  openSafetensors,
  SafetensorsDict,
  SafetensorsFile,
  saveSafetensors,
  type TensorInfo,
} from "./files/safetensors.ts";
export type { ByteSource, Bytes, LaterBytes, Readable } from "./files/source.ts";
export type { NamedTensors } from "./files/tensors.ts";
export { load, loadTorch, save, save as saveTorch } from "./files/torch.ts";
export { FormatError } from "./formats/format-error.ts";
export type { LoadOptions } from "./formats/torch.ts";
export * as F from "./functional.ts";
// Learning
export type { Answer, StepTerms, Told } from "./learn/answer.ts";
export { type EqualityProof, mergeBiases, type ProofOptions, type Rebiased, splitBiases } from "./learn/biases.ts";
export type { Parting } from "./learn/compare.ts";
export { type Explanation, explain, type StepPlace } from "./learn/explain.ts";
export type { ExplanationJSON } from "./learn/explain-json.ts";
export type { TextOptions } from "./learn/explain-text.ts";
export { addShares, type GradientFlow, gradientFlow, type SideFlow, type WeightFlow } from "./learn/gradients.ts";
export type { ChartOptions } from "./learn/gradients-text.ts";
export type { Ink, Paint } from "./learn/page.ts";
export type { LayerState } from "./learn/run.ts";
export { type FinalStatesOptions, finalStates } from "./learn/states.ts";
export type { Axis, Direction, ExplainedStep, NamedWeight, Side, Term } from "./learn/terms.ts";
export { maxUlps } from "./learn/ulp.ts";
export { type Verdict, type VerifyOptions, verify } from "./learn/verify.ts";
export { gru, gruCell, lstm, lstmCell, rnnRelu, rnnReluCell, rnnTanh, rnnTanhCell } from "./nn/functional-forms.ts";
// Networks
export * as nn from "./nn.ts";
export * as optim from "./optim.ts";
// Random numbers
export { defaultGenerator, Generator, initialSeed, manualSeed, seed } from "./random/generator.ts";
