import * as torch from "unrolled";
import { nn, OrderedDict, tuple } from "unrolled";
import { describe, expect, test } from "vitest";
import { fileNamed } from "./describe.ts";

const again = <T>(value: T): T => torch.load<T>(torch.save(value));

test("a tensor comes back with its numbers, dtype, strides and wish for a gradient", () => {
  const x = torch.arange(6).reshape(2, 3);
  const back = again(x.t());
  expect(String(back)).toBe(String(x.t()));
  expect([...back.value.strides]).toEqual([1, 3]);
  expect(again(torch.zeros(2, { requiresGrad: true })).requiresGrad).toBe(true);
  expect(again(torch.ones(2, { dtype: torch.bfloat16 })).dtype).toBe(torch.bfloat16);
});

test("a parameter comes back as a parameter, and a tensor as a tensor", () => {
  const parameter = new nn.Parameter(torch.ones(2));
  expect(again(parameter)).toBeInstanceOf(nn.Parameter);
  expect(again(torch.ones(2))).not.toBeInstanceOf(nn.Parameter);
  expect(again(parameter.detach())).not.toBeInstanceOf(nn.Parameter);
});

test("the result of an operation is saved without its past", () => {
  const x = torch.ones(2, { requiresGrad: true });
  const back = again(x.mul(2));
  expect([back.requiresGrad, back.isLeaf]).toEqual([true, true]);
});

test("tensors that share memory go on sharing it, and one tensor twice is one tensor", () => {
  const x = torch.zeros(2, 3);
  const [base, row, same] = again([x, x.at("1"), x] as const);
  row.fill_(7);
  expect(base.tolist()).toEqual([
    [0, 0, 0],
    [7, 7, 7],
  ]);
  expect(same).toBe(base);
});

test("a loaded tensor can be written to without changing the file", () => {
  const file = torch.save(torch.zeros(2));
  torch.load<torch.Tensor>(file).fill_(7);
  expect(torch.load<torch.Tensor>(file).tolist()).toEqual([0, 0]);
});

test("a loaded tensor lies in the bytes of the file only when asked for", () => {
  const file = torch.save(torch.zeros(2));
  expect(torch.load<torch.Tensor>(file, { mmap: true }).value.data.buffer).toBe(file.buffer);
  expect(torch.load<torch.Tensor>(file).value.data.buffer).not.toBe(file.buffer);
});

class Recurrent extends nn.Module {
  readonly weight_ih_l0 = new nn.Parameter(torch.zeros(12, 2));
  readonly weight_hh_l0 = new nn.Parameter(torch.zeros(12, 3));
  readonly bias_ih_l0 = new nn.Parameter(torch.zeros(12));
  readonly bias_hh_l0 = new nn.Parameter(torch.zeros(12));
}

test("a model takes over what torch saved", () => {
  const state = torch.load<OrderedDict<string, torch.Tensor>>(fileNamed("state dict"));
  expect(state).toBeInstanceOf(OrderedDict);
  const layer = new Recurrent();
  const weights = [...state].flatMap(([key, value]) =>
    key.startsWith("rnn.") ? [[key.slice(4), value] as const] : [],
  );
  expect(String(layer.loadStateDict(new Map(weights)))).toBe("<All keys matched successfully>");
  expect(layer.stateDict().get("weight_ih_l0")!.tolist()).toEqual(state.get("rnn.weight_ih_l0")!.tolist());
});

describe("plain values come back as what they print:", () => {
  test.each<[string, unknown]>([
    [
      "a dict",
      new Map<unknown, unknown>([
        ["a", 1],
        [1, "a"],
        [null, true],
      ]),
    ],
    [
      "an ordered dict",
      new OrderedDict([
        ["b", 1],
        ["a", 2],
      ]),
    ],
    ["a list of everything", [1, -1, 0.5, -0, 1e300, true, false, null, "text", 2 ** 53 - 1]],
    ["a tuple", tuple(1, "a", tuple())],
    ["a large int", 2n ** 100n],
    ["a float that is whole", torch.pyFloat(3)],
    ["a size", torch.zeros(2, 3).shape],
    ["a dtype", torch.float64],
    ["a set", new Set([1, "a"])],
  ])("%s", (_, value) => {
    expect(torch.repr(again(value))).toBe(torch.repr(value));
    expect(again(value)).toEqual(value);
  });

  test("a plain object as a Map", () => {
    expect(again<unknown>({ epoch: 1, best: null })).toEqual(
      new Map<string, unknown>([
        ["epoch", 1],
        ["best", null],
      ]),
    );
  });
});

test("a file that is none is a FormatError", () => {
  expect(() => torch.load(new Uint8Array([60, 104, 116, 109, 108]))).toThrow(torch.FormatError);
});
