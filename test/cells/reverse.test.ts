import { describe, expect, it } from "vitest";
import { tensors } from "../../src/autograd/algebra.ts";
import { numbers } from "../../src/cells/numbers.ts";
import { reverse } from "../../src/cells/reverse.ts";
import { functions } from "../../src/engine/functions.ts";
import * as torch from "../../src/index.ts";
import { Three } from "../three.ts";
import { inputs, pages } from "./pages.ts";

const m = numbers({ round: (x) => x, ...functions("float64") });

type Group = "x" | "r" | "state" | "v";
const GROUPS: readonly Group[] = ["x", "r", "state", "v"];
type Values<V> = Record<Group, Record<string, V>>;

const mapped = <V, W>(groups: Values<V>, f: (value: V) => W): Values<W> => {
  const each = (named: Record<string, V>) =>
    Object.fromEntries(Object.entries(named).map(([name, value]) => [name, f(value)]));
  return { x: each(groups.x), r: each(groups.r), state: each(groups.state), v: each(groups.v) };
};

describe.each([...pages, { name: "a user's cell", cell: Three.cell }])(
  "the page of $name, read backwards",
  ({ cell }) => {
    const given = inputs(cell);
    const weights = Object.fromEntries(cell.state.map((name, i) => [name, 0.7 - i]));
    const { vectors, ...others } = reverse(cell, m, given.x, given.r, given.state, weights, given.v);
    const grads = { ...others, v: vectors };
    const places = GROUPS.flatMap((group) => Object.keys(given[group]).map((name) => [group, name] as const));

    /** The new state, weighed and summed. */
    const loss = (values: Values<number>): number => {
      const computed = cell.step(m, values.x, values.r, values.state, values.v);
      return cell.state.reduce((total, name) => total + weights[name]! * computed[name]!, 0);
    };

    it.each(places)("has the slope of finite differences along %s.%s", (group, name) => {
      const at = (shift: number): number => {
        const moved = mapped(given, (value) => value);
        moved[group][name]! += shift;
        return loss(moved);
      };
      const step = 1e-3;
      // Four points: the error is of the order of step⁴.
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      expect(grads[group][name] ?? 0).toBeCloseTo(slope, 10);
    });

    it("adds what the old state has received elsewhere, and tells what the new one has received", () => {
      const arrived = Object.fromEntries(cell.state.map((name, i) => [name, 0.25 + i]));
      const more = reverse(cell, m, given.x, given.r, given.state, weights, given.v, arrived);
      for (const name of cell.state) {
        expect(more.state[name]).toBeCloseTo((grads.state[name] ?? 0) + arrived[name]!, 12);
      }
      const { state: _, v, ...same } = grads;
      expect({ ...more, state: undefined }).toEqual({ ...same, vectors: v, state: undefined });
      expect(grads.next[cell.state[0]!]).toBe(weights[cell.state[0]!]);
    });

    it("gives autograd's gradients, as numbers and as tensors", () => {
      const leaves = mapped(given, (value) =>
        torch.tensor([value, -value], { dtype: torch.float64, requiresGrad: true }),
      );
      const seeds = Object.fromEntries(
        cell.state.map((name) => [name, torch.full([2], weights[name]!, { dtype: torch.float64 })]),
      );
      const computed = cell.step(tensors, leaves.x, leaves.r, leaves.state, leaves.v);
      const total = cell.state.map((name) => computed[name]!.mul(seeds[name]!).sum()).reduce((a, b) => a.add(b));
      total.backward();
      const { vectors: ofVectors, ...ofOthers } = reverse(
        cell,
        tensors,
        leaves.x,
        leaves.r,
        leaves.state,
        seeds,
        leaves.v,
      );
      const asTensors = { ...ofOthers, v: ofVectors };
      for (const [group, name] of places) {
        const wanted = leaves[group][name]!.grad?.tolist<number>() ?? undefined;
        const backwards = asTensors[group][name]?.tolist<number>();
        expect(backwards, `${group}.${name}`).toEqual(wanted);
        expect(grads[group][name], `${group}.${name}`).toEqual((wanted as number[] | undefined)?.[0]);
      }
    });
  },
);
