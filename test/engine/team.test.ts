import { RuntimeError } from "unrolled";
import { afterEach, describe, expect, it } from "vitest";
import { define, type FunctionCode, MOST_PAGES } from "../../src/engine/wasm/assembler.ts";
import { machine } from "../../src/engine/wasm/host.ts";
import { i32, step } from "../../src/engine/wasm/instructions.ts";
import { startTeam, type Team } from "../../src/engine/wasm/team.ts";

const SHARING = { step: 0, run: 0, rows: 2, alone: 0 };

/** `add(from, to)`: the integer at `to` is that at `from` and one. Beyond the memory it fails. */
const add = (): FunctionCode =>
  define("add", 2, (scope, from, to) => {
    const sum = scope.local("i32");
    return [sum.set(i32.load(from)), step(sum, 1), i32.store(to, sum)];
  });

type Add = { add(from: number, to: number): void };

describe("a team", () => {
  let team: Team | undefined;
  afterEach(() => team?.end());

  async function start(size: number) {
    const memory = new machine.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
    const own = await startTeam(size, memory, SHARING);
    team = own;
    const words = new Int32Array(memory.buffer);
    const first: Add = {
      add(from, to) {
        words[to / 4] = words[from / 4]! + 1;
      },
    };
    return { team: own, words, hands: own.hands([add()], first) };
  }

  /** A turn in which the others are there. */
  function turn(own: Team, write: (thread: number) => void, size: number): void {
    while (!own.gather(2 ** 30));
    for (let thread = size - 1; thread > 0; thread -= 1) write(thread);
    own.go();
    write(0);
    own.join();
  }

  it.each([2, 3])("of %i meets within turns: each reads what the one before it has written", async (size) => {
    const { team: own, words, hands } = await start(size);
    // in each round every thread takes the number of its neighbour and adds one: two buffers, read and written in turns
    const at = (round: number, thread: number): number => 4 * (64 + 512 * (round % 2) + 16 * (thread % size));
    const ROUNDS = 101;
    for (let call = 0; call < 20; call += 1) {
      words.fill(0);
      turn(
        own,
        (thread) => {
          for (let round = 0; round < ROUNDS; round += 1) {
            if (round > 0) own.meets[thread]!();
            hands[thread]!.add(at(round, thread + 1), at(round + 1, thread));
          }
        },
        size,
      );
      for (let thread = 0; thread < size; thread += 1) expect(words[at(ROUNDS, thread) / 4]).toBe(ROUNDS);
      own.rest();
    }
  });

  it.each([2, 3])(
    "of %i goes on after an error of the first thread in a turn, before or after a meeting",
    async (size) => {
      const { team: own, words, hands } = await start(size);
      expect(own.ahead()).toBe(1);
      const failing = (failed: number) => (thread: number) => {
        for (let meeting = 0; meeting < 4; meeting += 1) {
          if (thread === 0 && meeting === failed) throw new RangeError("no stack is left");
          hands[thread]!.add(0, 64 + 64 * thread);
          own.meets[thread]!();
        }
      };
      for (const failed of [0, 1, 3]) {
        expect(() => turn(own, failing(failed), size)).toThrow(new RangeError("no stack is left"));
        own.rest();
        words.fill(0);
        turn(own, failing(-1), size);
        own.rest();
        expect(Array.from({ length: size }, (_, thread) => words[16 + 16 * thread])).toEqual(Array(size).fill(1));
      }
      // and when there was no stack even for `rest`
      expect(() => turn(own, failing(1), size)).toThrow(RangeError);
      expect(own.hands([add()], { add() {} })).toHaveLength(size);
    },
  );

  it("forgets what it had written down for a turn that did not begin", async () => {
    const { team: own, words, hands } = await start(2);
    while (!own.gather(2 ** 30));
    hands[1]!.add(0, 64);
    own.meets[1]!();
    own.rest();
    turn(
      own,
      (thread) => {
        own.meets[thread]!();
        hands[thread]!.add(0, 128 + 64 * thread);
      },
      2,
    );
    own.rest();
    expect([words[16], words[32], words[48]]).toEqual([0, 1, 1]);
  });

  it("takes no kernels after its end", async () => {
    const { team: own } = await start(2);
    own.end();
    const late = (): unknown => own.hands([add()], { add() {} });
    expect(late).toThrow(new RuntimeError("engine: these threads have ended"));
  });

  it("says so if one of its threads fails before a meeting, and nobody waits for it there", async () => {
    const { team: own, hands } = await start(3);
    const fail = (): void =>
      turn(
        own,
        (thread) => {
          hands[thread]!.add(thread === 2 ? 2 ** 30 : 0, 64 * thread);
          own.meets[thread]!();
        },
        3,
      );
    const failure = new RuntimeError("engine: one of the threads failed");
    expect(fail).toThrow(failure);
    expect(() => own.rest()).toThrow(failure);
    expect(() => own.wake()).toThrow(failure);
  });
});
