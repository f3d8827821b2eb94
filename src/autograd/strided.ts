/**
 * Windows on memory, seen from the graph. A view and its base share memory, so the gradient of one finds its place in the
 * gradient of the other by lengths and strides alone, whatever operations the view came from.
 */
import { copyElements, Dense, eachOffset, elements, writeElements } from "../dense/dense.ts";
import { int64 } from "../dense/dtype.ts";
import { type Edge, Node } from "./graph.ts";
import { type Tensor, tracked } from "./tensor.ts";

/** How a tensor lies in its memory. */
export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The layout of a tensor, without its numbers. */
export function layoutOf({ shape, strides, offset }: Dense): Layout {
  return { shape, strides, offset };
}

/** The past of a view whose base was written to: it shows what the base has become. */
export function asStrided(base: Tensor, view: Dense): Edge {
  const [outer, inner] = [layoutOf(base.value), layoutOf(view)];
  const node = new Node("AsStridedBackward0", [base.gradientEdge], [(g) => embed(g, outer, inner)], []);
  return { node, output: 0 };
}

/** What the view shows of `g`, which has the shape of the base. */
export function cut(g: Tensor, base: Layout, view: Layout): Tensor {
  const window = windowOf(laidOut(g.value, base), base, view);
  return tracked(
    "AsStridedBackward0",
    [g],
    new Dense({ data: copyElements(window), version: 0 }, g.dtype, view.shape),
    [(back) => embed(back, base, view)],
  );
}

/** Zeros in the shape of the base, with `g` added where the view shows: the adjoint of `cut`. */
function embed(g: Tensor, base: Layout, view: Layout): Tensor {
  const zeros = blank(base, g.value);
  const { shape, strides, offset, data } = windowOf(zeros, base, view);
  const from = elements(g.value);
  let next = 0;
  eachOffset(shape, strides, offset, (at) => {
    data[at] = (data[at] as never) + (from[next] as never);
    next += 1;
  });
  return tracked("AsStridedBackward0", [g], zeros, [(back) => cut(back, base, view)]);
}

/** `g`, in the shape of the base, with zeros where the view shows. */
export function withoutWindow(g: Tensor, base: Layout, view: Layout): Tensor {
  const rest = blank(base, g.value);
  writeElements(rest, elements(g.value));
  const { shape, strides, offset, data, dtype } = windowOf(rest, base, view);
  const zero = dtype === int64 ? 0n : 0;
  eachOffset(shape, strides, offset, (at) => {
    data[at] = zero;
  });
  rest.storage.version = 0;
  return tracked("CopySlices", [g], rest, [(back) => withoutWindow(back, base, view)]);
}

/** The numbers of `g` in the layout of the base: as they are, if both lie in row-major order. */
function laidOut(g: Dense, base: Layout): Dense {
  const out = blank(base, g, 0);
  if (out.contiguous) return new Dense({ data: elements(g), version: 0 }, g.dtype, base.shape, base.strides);
  const copy = blank(base, g);
  writeElements(copy, elements(g));
  return copy;
}

/** Zeros in the layout of the base. */
function blank({ shape, strides }: Layout, { dtype }: Dense, length = extent(shape, strides)): Dense {
  return new Dense({ data: dtype.allocate(length), version: 0 }, dtype, shape, strides);
}

function extent(shape: readonly number[], strides: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((last, length, d) => last + (length - 1) * strides[d]!, 1);
}

function windowOf(x: Dense, base: Layout, view: Layout): Dense {
  return x.window(view.shape, view.strides, view.offset - base.offset);
}
