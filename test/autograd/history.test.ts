import type { Tensor } from "unrolled";
import * as torch from "unrolled";
import { describe, expect, test } from "vitest";
import golden from "../golden/history.json" with { type: "json" };

const leaf = (...values: number[]): Tensor =>
  torch.tensor(values.length > 0 ? values : [1, 2, 3], { dtype: torch.float64, requiresGrad: true });

const zeros = (...shape: number[]): Tensor => torch.zeros(shape, { dtype: torch.float64 });

const list = (x: Tensor | null) => x?.tolist() ?? null;

/** C++ names some nodes with a namespace, which is not printed. */
const node = (x: Tensor): string => `${x.gradFn}`.replace(/[<>]/g, "");

const fails = (body: () => unknown): boolean => {
  try {
    body();
    return false;
  } catch {
    return true;
  }
};

const stories: Record<string, () => unknown> = {
  "rnn by slice assignment"() {
    const [w, x] = [leaf(0.5, -0.25, 0.75), leaf(0.1, 0.2, 0.3, 0.4, 0.5)];
    const out = zeros(3, 5);
    let h = zeros(3);
    for (let t = 0; t < 5; t += 1) {
      h = w.mul(h).add(x.at(t)).tanh();
      out.set(":", t, h);
    }
    out.mul(out).sum().backward();
    return [node(out), list(out), list(w.grad), list(x.grad)];
  },

  "chain of views and writes"() {
    const x = leaf(1, 2, 3, 4, 5, 6);
    const base = x.mul(2);
    const matrix = base.view(2, 3);
    const row = matrix.at(1);
    row.mul_(3);
    base.set(0, x.at(5));
    matrix.t().at(2).add_(x.at(":2"));
    const last = row.at("1:");
    last.tanh_();
    base
      .mul(torch.arange(1, 7, { dtype: torch.float32 }))
      .sum()
      .backward();
    return [list(base), list(row), list(x.grad), node(row), node(base), node(last)];
  },

  "write into a base that wanted nothing"() {
    const [base, w] = [zeros(4), leaf(3, 4)];
    const window = base.at("1:3");
    window.copy_(w.mul(w));
    base.set(0, 7);
    base.mul(base).sum().backward();
    return [base.requiresGrad, node(base), node(window), list(base), list(w.grad)];
  },

  "detach and data"() {
    const x = leaf();
    const y = x.mul(x);
    y.data.mul_(2);
    const versions = [y.version];
    y.detach().add_(1);
    versions.push(y.version);
    y.sum().backward();
    return [versions, list(y), list(x.grad), y.detach().requiresGrad, x.data.requiresGrad];
  },

  versions() {
    const y = torch.ones(2, 3);
    const writes = [
      () => y.t_(),
      () => y.zero_(),
      () => y.set(0, 1),
      () => y.set([0], 1),
      () => y.fill_(1),
      () => y.normal_(),
      () => y.at(0).add_(1),
      () => y.unsqueeze_(0),
      () => y.squeeze_(),
    ];
    return writes.map((write) => {
      write();
      return y.version;
    });
  },

  hooks() {
    const [x, log]: [Tensor, unknown[]] = [leaf(), []];
    const y = x.mul(2);
    const note = (value: unknown): void => void log.push(value);
    const first = y.registerHook(() => note("first"));
    y.registerHook((g) => g.mul(3));
    y.registerHook((g) => note(list(g)));
    y.retainGrad();
    y.registerHook((g) => g.mul(10));
    x.registerHook((g) => note(list(g)));
    x.registerHook((g) => g.add(1));
    y.sum().backward(null, { retainGraph: true });
    first.remove();
    y.sum().backward();
    return [log, list(y.grad), list(x.grad)];
  },

  "hooks and writes"() {
    const [x, log]: [Tensor, unknown[]] = [leaf(), []];
    const y = x.mul(2);
    y.registerHook((g) => void log.push(["before", list(g)]));
    y.retainGrad();
    y.mul_(5);
    y.registerHook((g) => void log.push(["after", list(g)]));
    y.sum().backward();
    return [log, list(y.grad), list(x.grad)];
  },

  "backward with inputs"() {
    const [x, w, log]: [Tensor, Tensor, unknown[]] = [leaf(), leaf(4, 5, 6), []];
    w.registerHook(() => void log.push("w"));
    const y = x.mul(w);
    y.mul(3)
      .sum()
      .backward(null, { inputs: [x], retainGraph: true });
    const first = [list(x.grad), w.grad === null];
    y.mul(2)
      .sum()
      .backward(null, { inputs: [y] });
    return [first, list(y.grad), list(x.grad), log];
  },

  accumulation() {
    const x = leaf();
    x.mul(x).sum().backward();
    const kept = x.grad;
    x.mul(3).sum().backward();
    x.backward(torch.ones(3, { dtype: torch.float64 }));
    const same = x.grad === kept;
    x.pow(3).sum().backward(null, { createGraph: true });
    return [same, list(x.grad!.detach()), x.grad!.requiresGrad, list(kept)];
  },

  "leaves that want nothing any more"() {
    const [x, w] = [leaf(), leaf(4, 5, 6)];
    const y = x.mul(w).sum();
    x.requiresGrad_(false);
    y.backward();
    return [x.grad, list(w.grad)];
  },

  "gradient of a recorded walk"() {
    const x = leaf();
    x.mul(x).sum().backward(null, { createGraph: true });
    return [x.grad!.gradFn!.name(), list(x.grad!.detach())];
  },

  "grad of unused"() {
    const [x, w] = [leaf(), leaf()];
    const found = torch.autograd.grad(x.mul(2).sum(), [x, w], { allowUnused: true });
    const made = torch.autograd.grad(x.mul(2).sum(), [x, w], { materializeGrads: true });
    return [list(found[0]!), found[1], list(made[1]!), x.grad];
  },

  "second walks"() {
    const x = leaf();
    const makes = [
      () => x.add(x).sum(),
      () => x.view(3, 1).t().sum(),
      () => torch.cat([x, x]).mean(),
      () => torch.sub(2, x).sum(),
      () => x.cumsum(0).sum(),
      () => torch.stack([x, x]).at(0, "1:").sum(),
      () => x.expand(2, 3).float().sum(),
      () => torch.add(x, x, { alpha: 2 }).sum(),
      () => x.mul(2).sum(),
      () => x.gather(0, torch.tensor([0n])).sum(),
      () => x.max(),
      () => x.clamp({ min: 0 }).sum(),
      () => x.div(2).sum(),
    ];
    return makes.map((make) => {
      const z = make();
      z.backward();
      return !fails(() => z.backward());
    });
  },

  modes() {
    const x = leaf();
    const result: boolean[] = [];
    const note = (): void => void result.push(x.mul(2).requiresGrad);
    torch.noGrad(() => {
      note();
      torch.enableGrad(() => {
        note();
        torch.noGrad(note);
        note();
      });
      fails(() =>
        torch.enableGrad(() => {
          throw new Error("out");
        }),
      );
      result.push(torch.isGradEnabled());
    });
    result.push(torch.isGradEnabled());
    return result;
  },
};

/** Equal but for the last digits of numbers. */
function expectNear(actual: unknown, expected: unknown): void {
  if (typeof expected === "number") expect(Math.abs(Number(actual) - expected)).toBeLessThan(1e-13);
  else if (!Array.isArray(expected)) expect(actual).toEqual(expected);
  else {
    expect(actual).toHaveLength(expected.length);
    for (const [i, entry] of expected.entries()) expectNear((actual as unknown[])[i], entry);
  }
}

describe("the graph does what torch's does", () => {
  test("stories are told in Python and in TypeScript", () => {
    expect(Object.keys(stories).sort()).toEqual(Object.keys(golden).sort());
  });

  test.each(Object.entries(golden))("%s", (name, expected) => {
    const plain = JSON.parse(JSON.stringify(expected).replaceAll("torch::autograd::", ""));
    expectNear(stories[name]!(), plain);
  });
});

describe("a long graph", () => {
  test("of 100 000 steps is walked without recursion", () => {
    const x = leaf(1);
    let y = x;
    for (let step = 0; step < 100_000; step += 1) y = y.mul(1);
    y.sum().backward();
    expect(list(x.grad)).toEqual([1]);
  }, 20_000);

  test("of in-place writes to views is walked, too", () => {
    const x = leaf(1, 2);
    const y = x.mul(1);
    for (let step = 0; step < 20_000; step += 1) y.at(0).add_(x.at(1));
    y.sum().backward();
    expect(list(x.grad)).toEqual([1, 20_001]);
  }, 20_000);
});

describe("a failing rule or hook", () => {
  test("leaves recording as it was", () => {
    const x = leaf();
    const y = x.mul(2);
    y.registerHook(() => {
      throw new Error("out");
    });
    expect(() => y.sum().backward()).toThrow("out");
    expect(torch.isGradEnabled()).toBe(true);
  });
});

describe("gradients that meet are added where they lie", () => {
  test("but not once they are handed on to several", () => {
    const [a, b] = [leaf(1, 2), leaf(3, 4)];
    const [left, right] = [a.mul(1), b.mul(1)];
    const late = [left.mul(10), left.mul(100), right.mul(1000), right.mul(10_000)];
    const sum = left.add(right);
    // the gradient 6 of the sum goes to both sides as it is
    const early = [sum.mul(1), sum.mul(2), sum.mul(3)];
    [...late, ...early]
      .reduce((x, y) => x.add(y))
      .sum()
      .backward();
    expect([list(a.grad), list(b.grad), list(a), list(b)]).toEqual([
      [116, 116],
      [11_006, 11_006],
      [1, 2],
      [3, 4],
    ]);
  });

  test("nor where a hook or the caller has them", () => {
    const a = leaf(1, 2);
    const seen: Tensor[] = [];
    a.registerHook((g) => void seen.push(g));
    const y = a.mul(2).add(a.mul(3)).add(a.mul(4)).sum();
    for (let time = 0; time < 2; time += 1) y.backward(null, { retainGraph: true });
    const [found] = torch.autograd.grad(y, [a], { retainGraph: true });
    y.backward();
    expect([...seen, found].map(list)).toEqual([...seen, found].map(() => [9, 9]));
    expect(list(a.grad)).toEqual([27, 27]);
  });

  test("and lie as the leaf does, whatever they were made of", () => {
    const a = torch
      .tensor([
        [1, 2, 3],
        [4, 5, 6],
      ])
      .requiresGrad_();
    const turned = a.t();
    turned.mul(2).add(turned.mul(3)).add(turned.mul(4)).sum().backward();
    expect([a.grad!.stride(), list(a.grad)]).toEqual([
      [3, 1],
      [
        [9, 9, 9],
        [9, 9, 9],
      ],
    ]);
  });
});
