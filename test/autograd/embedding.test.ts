import * as torch from "unrolled";
import { F } from "unrolled";
import { describe, expect, it } from "vitest";

const table = () => torch.arange(15, { dtype: torch.float64 }).reshape(5, 3).detach();

function learned(x: torch.Tensor): torch.Tensor {
  x.requiresGrad = true;
  return x;
}

const failure = (name: string, message: string) => expect.objectContaining({ name, message });

describe("F.embedding", () => {
  it("gives the row of each index, in the shape of the index", () => {
    const y = F.embedding(torch.tensor([[4n, 1n]]), learned(table()));
    expect(y.tolist()).toEqual([
      [
        [12, 13, 14],
        [3, 4, 5],
      ],
    ]);
    expect(y.gradFn?.name()).toBe("EmbeddingBackward0");
    expect([...F.embedding(torch.tensor(2n), table()).shape]).toEqual([3]);
    expect([...F.embedding(torch.zeros(0, { dtype: torch.int64 }), table()).shape]).toEqual([0, 3]);
  });

  it("adds up the gradients of a row, and leaves the padding row without", () => {
    const weight = learned(table());
    const index = torch.tensor([
      [4n, 1n],
      [1n, 4n],
    ]);
    F.embedding(index, weight, { paddingIdx: -1 }).sum().backward();
    expect(weight.grad?.tolist()).toEqual([
      [0, 0, 0],
      [2, 2, 2],
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("has the second derivative of a lookup: the padding row stays out of it, too", () => {
    const weight = learned(table());
    const y = F.embedding(torch.tensor([1n, 1n, 4n]), weight, { paddingIdx: 4 });
    const [g] = torch.autograd.grad(y.mul(y).sum(), [weight], { createGraph: true });
    expect(g!.sum().item()).toBe(2 * 2 * (3 + 4 + 5));
    g!.sum().backward();
    expect(weight.grad?.sum(1).tolist()).toEqual([0, 12, 0, 0, 0]);
  });

  it("refuses with torch's words", () => {
    const of =
      (index: torch.Tensor, weight = table(), paddingIdx?: number) =>
      () =>
        F.embedding(index, weight, { paddingIdx });
    const index = torch.tensor([1n]);
    const types = (type: string): string =>
      `Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ${type} instead (while checking arguments for embedding)`;
    expect(of(torch.tensor([5n]))).toThrow(failure("IndexError", "index out of range in self"));
    expect(of(torch.tensor([-1n]))).toThrow(failure("IndexError", "index out of range in self"));
    expect(of(torch.tensor([1]))).toThrow(failure("RuntimeError", types("torch.FloatTensor")));
    expect(of(torch.tensor([true]))).toThrow(failure("RuntimeError", types("CPUBoolType")));
    expect(of(index, table().at("0"))).toThrow(failure("RuntimeError", "'weight' must be 2-D"));
    expect(of(index, table(), 5)).toThrow(failure("AssertionError", "Padding_idx must be within num_embeddings"));
  });
});

describe("F.oneHot", () => {
  it("has a one where the last position is the index", () => {
    expect(F.oneHot(torch.tensor([0n, 2n])).tolist()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect([...F.oneHot(torch.tensor([[0n, 2n]]), 5).shape]).toEqual([1, 2, 5]);
  });

  it("refuses with torch's words", () => {
    const refuse = (index: torch.Tensor, message: string, classes?: number) =>
      expect(() => F.oneHot(index, classes)).toThrow(failure("RuntimeError", message));
    refuse(torch.tensor([2n]), "Class values must be smaller than num_classes.", 2);
    refuse(torch.tensor([-1n]), "Class values must be non-negative.");
    refuse(torch.tensor([1]), "one_hot is only applicable to index tensor of type LongTensor.");
    refuse(torch.zeros(0, { dtype: torch.int64 }), "Can not infer total number of classes from empty tensor.");
  });
});

describe("F.pad", () => {
  it("adds a border from the last dimension on, or takes one away", () => {
    const x = learned(torch.tensor([[1, 2, 3]]));
    const y = F.pad(x, [1, -1, 0, 1], 7);
    expect(y.tolist()).toEqual([
      [7, 1, 2],
      [7, 7, 7],
    ]);
    expect(y.gradFn?.name()).toBe("ConstantPadNdBackward0");
    y.mul(y).sum().backward();
    expect(x.grad?.tolist()).toEqual([[2, 4, 0]]);
  });

  it("refuses with torch's words", () => {
    const refuse = (widths: number[], message: string) =>
      expect(() => F.pad(torch.ones(2, 3), widths)).toThrow(failure("RuntimeError", message));
    refuse([1], "Padding length must be divisible by 2");
    refuse([-2, -2], "narrow(): length must be non-negative.");
    refuse(
      [1, 1, 1, 1, 1, 1],
      "Padding length should be less than or equal to two times the input dimension but got padding length 6 and input of dimension 2",
    );
  });
});

describe("F.normalize and F.cosineSimilarity", () => {
  it("make vectors one long and compare their directions, without dividing by zero", () => {
    const x = torch.tensor([
      [3, 4],
      [0, 0],
    ]);
    expect(F.normalize(x).tolist()).toEqual([
      [Math.fround(0.6), Math.fround(0.8)],
      [0, 0],
    ]);
    const y = torch.tensor([
      [4, 3],
      [1, 1],
    ]);
    const [first, second] = F.cosineSimilarity(x, y).tolist() as [number, number];
    expect(first).toBeCloseTo(0.96, 6);
    expect(second).toBe(0);
  });
});
