/** What a session of a model does not take: models that cannot be cut, and what does not fit. */
import * as torch from "unrolled";
import { F, nn, type Tensor } from "unrolled";
import { describe, expect, it } from "vitest";
import { Last, Leaky } from "./streamed-models.ts";

/** A model of one forward. */
function model<Parts extends object>(parts: Parts, run: (parts: Parts, x: Tensor) => unknown): nn.Module {
  class Model extends nn.Module {
    override forward(x: Tensor): unknown {
      return run(parts, x);
    }
  }
  return Object.assign(new Model(), parts);
}

describe("a session refuses", () => {
  const rnn = new nn.GRU(2, 3);
  const x = torch.arange(1, 11, 1, { dtype: torch.float32 }).view(5, 2);
  const refusals: Record<string, [message: string, act: () => unknown]> = {
    "a bidirectional layer": [
      'stream: "inner.rnn": expected a layer of one direction, got a bidirectional LSTM',
      () => model({ inner: new nn.ModuleDict({ rnn: new nn.LSTM(2, 3, { bidirectional: true }) }) }, () => 0).stream(),
    ],
    "a cell": [
      'stream: "cell": expected a layer that runs over sequences, got LSTMCell',
      () => model({ cell: new nn.LSTMCell(2, 3) }, () => 0).stream(),
    ],
    "a cell of one's own": [
      'stream: "cell": expected a layer that runs over sequences, got LeakyCell',
      () => model({ cell: new Leaky.Cell(2, 3) }, () => 0).stream(),
    ],
    "a layer in a list that is no module": [
      "stream: expected layers among the modules of the model, got one that is not",
      () => model({ list: [rnn] }, ({ list }, x) => list[0]!.forward(x)[0]),
    ],
    "packed sequences": [
      'stream: "rnn": expected input that goes on, got packed sequences, which end',
      () => model({ rnn }, (_, x) => rnn.forward(nn.utils.packSequence([x]))[1]),
    ],
    lengths: [
      'stream: "rnn": expected input that goes on, got packed sequences, which end',
      () => model({ rnn }, (_, x) => rnn.forward(x.unsqueeze(1), null, { lengths: [x.shape[0]!] })[1]),
    ],
    "a state that comes from the input": [
      'stream: "rnn": expected the same state from forward each time, or none, got another',
      () => model({ rnn, other: new nn.RNN(2, 3) }, ({ other }, x) => rnn.forward(x, other.forward(x)[1])[0]),
    ],
    "a loop over time": [
      'stream: "rnn": expected all 2 steps that have come, got 1',
      () => model({ rnn }, (_, x) => torch.cat(x.split(1).map((one) => rnn.forward(one)[0]))),
    ],
    "a forward that leaves out steps": [
      'stream: "rnn": expected all 2 steps that have come, got 1',
      () => model({ rnn }, (_, x) => rnn.forward(x.narrow(0, 0, Math.ceil(x.shape[0]! / 2)))[0]),
    ],
    "a mean over time": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({ rnn }, (_, x) => rnn.forward(x)[0].mean(0)),
    ],
    "a look along time": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({ rnn }, (_, x) => F.softmax(rnn.forward(x)[0], 0)),
    ],
    "a second direction by hand": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({ rnn }, (_, x) => rnn.forward(x.flip(0))[0].flip(0)),
    ],
    positions: [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({ rnn }, (_, x) => rnn.forward(x)[0].add(torch.arange(0, x.shape[0]!).unsqueeze(1))),
    ],
    "an output that grows in two dimensions": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({}, (_, x) => x.matmul(x.t())),
    ],
    "a list of steps": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => model({ rnn }, (_, x) => rnn.forward(x)[0].unbind()),
    ],
    "a cell that is hidden from it": [
      "stream: expected of two steps at once what one after the other gives, got another output",
      () => {
        const hidden = { cell: new nn.RNNCell(2, 3) };
        return model({ hidden }, (_, x) => {
          let h: Tensor | undefined;
          for (const one of x.unbind()) h = hidden.cell.forward(one, h);
          return h;
        });
      },
    ],
    "a promise": [
      "stream: expected forward to give tensors, in lists or records, got Promise",
      () => model({ rnn }, async (_, x) => rnn.forward(x)[0]),
    ],
    "a batch that is not one": [
      "stream: expected a batch size of 1 or more, got 0",
      () => new Last().stream({ batchSize: 0 }),
    ],
    "an option that it does not know": [
      "stream() got an unexpected keyword argument 'state'",
      () => new Last().stream({ state: torch.zeros(1, 5) } as object),
    ],
    "a batch of layers that differ in where it is": [
      "stream: expected the option batchFirst for a model whose layers differ in it, got none",
      () => model({ rnn, last: new Last() }, () => 0).stream({ batchSize: 2 }),
    ],
  };

  it.each(Object.entries(refusals))("%s", (_, [message, act]) => {
    const run = (): unknown => {
      const made = act();
      return made instanceof nn.Module ? (made.stream() as nn.ModelStream).push(x) : made;
    };
    expect(run).toThrow(message);
  });

  const lookers: Record<string, (x: Tensor) => Tensor> = {
    "a mean": (x) => x.sub(x.mean(0, true)),
    "a maximum": (x) => x.div(x.abs().amax(0, true)),
    "another order": (x) => x.flip(0),
    attention: (x) => F.softmax(x.matmul(x.t()), 1).matmul(x),
    "the step before": (x) => x.roll(1, 0),
  };

  describe.each(Object.entries(lookers))("%s of the inputs along time", (_, look) => {
    const own = model({ rnn }, (_, x) => rnn.forward(look(x))[0]);
    const message = "stream: expected of two steps at once what one after the other gives, got another output";

    it("in a chunk, also after steps that were all the same", () => {
      expect(() => (own.stream() as nn.ModelStream).push(x)).toThrow(message);
      const session = own.stream() as nn.ModelStream;
      session.push(torch.cat([x.narrow(0, 0, 1), x.narrow(0, 0, 1)]));
      const before = JSON.stringify(session);
      expect(() => session.push(x.narrow(0, 1, 3))).toThrow(message);
      expect(JSON.stringify(session)).toBe(before);
    });

    it("in the first step that differs, also in a fork and where the caller's numbers are written over", () => {
      const session = own.stream() as nn.ModelStream;
      const step = x.at(0).clone();
      for (let i = 0; i < 3; i += 1) session.step(step);
      step.copy_(x.at(1));
      for (const one of [session, session.fork()]) expect(() => one.step(step)).toThrow(message);
    });
  });

  it("a beginning that is another, and none after an error", () => {
    const [right, other] = [torch.ones(1, 3), torch.zeros(1, 3)];
    let start = right;
    const own = model({ rnn }, (_, x) => rnn.forward(x, start)[0]);
    const session = own.stream() as nn.ModelStream;
    session.push(x);
    const resumed = (own.stream() as nn.ModelStream).restore(session.snapshot());
    start = other;
    expect(() => resumed.push(x.narrow(1, 0, 1))).toThrow("input.size(-1) must be equal to input_size");
    start = right;
    expect(String(resumed.push(x))).toBe(String(session.push(x)));
    start = other;
    expect(() => session.push(x)).toThrow("expected the same state from forward each time, or none, got another");
  });

  it("an output that has lost its time, and stays as it was", () => {
    let isWhole = false;
    const own = model({ rnn }, (_, x) => {
      const [output] = rnn.forward(x);
      return [output, isWhole ? output.sum() : output];
    });
    const session = own.stream() as nn.ModelStream;
    session.step(x.at(0));
    session.step(x.at(1));
    const before = JSON.stringify(session);
    isWhole = true;
    expect(() => session.step(x.at(2))).toThrow("select() cannot be applied to a 0-dim tensor.");
    expect(JSON.stringify(session)).toBe(before);
  });

  it("what does not fit, and stays as it was", () => {
    const session = new Last().stream({ batchSize: 2 });
    session.push(torch.ones(2, 3, 7));
    const before = JSON.stringify(session);
    const snapshot = session.snapshot();
    const { rnn } = snapshot.layers as { rnn: nn.StreamState };
    const restore =
      (layers: unknown, batchSize: number | null = 2) =>
      () =>
        session.restore({ batchSize, layers } as nn.ModelStreamState);
    const messages: Record<string, () => unknown> = {
      "stream.step: expected a tensor of [2, ...], got [7]": () => session.step(torch.ones(7)),
      "stream.push: expected a tensor of [2, T, ...], got [2]": () => session.push(torch.ones(2)),
      "stream.push: expected a tensor of [2, T, ...], got [3, 2, 7]": () => session.push(torch.ones(3, 2, 7)),
      "stream.push: expected a tensor of [2, T, ...], got list": () => session.push([1, 2] as never),
      "stream.step: expected a tensor, or a typed array with numbers for 2 rows": () =>
        session.step(new Float32Array(7)),
      "input.size(-1) must be equal to input_size. Expected 7, got 5": () => session.step(new Float32Array(10)),
      "RNN input dtype (torch.float64) does not match weight dtype (torch.float32)": () =>
        session.step(new Float64Array(14)),
      "select(): index -1 out of range for tensor of size [2, 0, 5] at dimension 1": () =>
        session.push(torch.ones(2, 0, 7)),
      "stream.restore: expected a dict of layers and the batch size 2, got dict and null": restore({ rnn }, null),
      "stream.restore: expected a dict of layers and the batch size 2, got NoneType and 2": restore(undefined),
      "stream.restore: expected a dict of layers and the batch size 2, got NoneType and undefined": () =>
        session.restore(null as never),
      "stream.restore: expected a dict of layers and the batch size 2, got dict and [object Object]": restore(
        { rnn },
        Object.create(null),
      ),
      "stream.push: expected a tensor of [2, T, ...], got dict": () => session.push(Object.create(null)),
      'stream.restore: expected layers of the model, got "lstm"': restore({ lstm: rnn }),
      "stream.restore: expected a dict of layers and the batch size 2, got list and 2": restore([]),
      "stream.restore: expected a dict of layers and the batch size 2, got Map and 2": restore(new Map()),
      'stream.restore: expected a state of "rnn", got none': restore({ "rnn#2": rnn }),
      'stream.restore: expected a state of "rnn#2", got none': restore({ rnn, "rnn#3": rnn }),
      'stream.restore: expected layers of the model, got "rnn#0"': restore({ rnn, "rnn#0": rnn }),
      'stream.restore: expected layers of the model, got "rnn#1"': restore({ rnn, "rnn#1": rnn }),
      'stream.restore: expected as many calls as before, got "rnn#2" besides': restore({ rnn, "rnn#2": rnn }),
      'stream.restore: expected a state of layer "LSTM", numLayers 1, batchSize 2, got layer "GRU", numLayers 1, batchSize 2 at "rnn"':
        restore({
          rnn: { ...rnn, layer: "GRU" },
        }),
      'stream.restore: expected 10 numbers for "c", got 9 at "rnn"': restore({
        rnn: { ...rnn, states: { ...rnn.states, c: rnn.states.c!.slice(1) } },
      }),
      'stream.restore: expected the numbers of a batch of 1000000000 at "rnn"': restore({
        rnn: { ...rnn, batchSize: 1e9 },
      }),
      'stream.restore: expected the numbers of a batch of 10000000000 at "rnn"': restore({
        rnn: { ...rnn, batchSize: 1e10, states: { h: { length: 1e11 } } },
      }),
      'stream: expected a batch size of 1 or more, got undefined at "rnn"': restore({ rnn: null }),
      'stream.restore: expected the batch size 2 at "rnn", got 1': restore({
        rnn: { ...rnn, batchSize: 1, states: { h: rnn.states.h!.slice(0, 5), c: rnn.states.c!.slice(0, 5) } },
      }),
    };
    for (const [message, call] of Object.entries(messages)) {
      expect(call, message).toThrow(message);
      expect(JSON.stringify(session), message).toBe(before);
    }
  });

  it("a step with other calls than before, and stays as it was", () => {
    const parts = { lower: new nn.GRU(2, 3), upper: new nn.GRU(2, 3), times: 2 };
    const session = model(parts, ({ lower, upper, times }, x) => {
      const outputs = Array.from({ length: times }, () => lower.forward(x)[0]);
      if (times > 2) outputs.push(upper.forward(x)[0]);
      return outputs;
    }).stream() as nn.ModelStream;
    session.push(x);
    const before = JSON.stringify(session);
    parts.times = 1;
    expect(() => session.push(x)).toThrow('stream: "lower#2": expected as many calls as before, got fewer');
    expect(JSON.stringify(session)).toBe(before);
    parts.times = 3;
    expect(() => session.push(x)).toThrow('stream: "lower#3": expected as many calls as before, got more');
    expect(JSON.stringify(session)).toBe(before);
  });

  it("a snapshot of fewer or more calls only until there is the right one", () => {
    const parts = { rnn, times: 2 };
    const own = model(parts, ({ rnn, times }, x) => Array.from({ length: times }, () => rnn.forward(x)[0]));
    const open = (): nn.ModelStream => own.stream() as nn.ModelStream;
    const session = open();
    session.push(x);
    const right = session.snapshot();
    const next = String(session.push(x));
    for (const [times, message] of [
      [1, 'stream: "rnn#2": expected as many calls as before, got more'],
      [3, 'stream: "rnn#3": expected as many calls as before, got fewer'],
    ] as const) {
      const other = open();
      parts.times = times;
      other.push(x);
      parts.times = 2;
      for (const fresh of [open(), open().restore(right).reset(), session.restore({ ...right, layers: {} })]) {
        fresh.restore(other.snapshot());
        for (const one of [fresh, fresh.fork()]) {
          expect(() => one.push(x)).toThrow(message);
          expect(String(one.restore(right).push(x))).toBe(next);
          // now it has been seen how many there are
          expect(() => one.restore(other.snapshot())).toThrow("stream.restore: expected");
        }
      }
    }
  });

  it("steps that come as a batch which nobody spoke of", () => {
    const session = new Last().stream();
    expect(() => session.step(torch.ones(3, 7))).toThrow('stream: "rnn": expected all 1 steps that have come, got 3');
    session.step(torch.ones(7));
    expect(() => session.push(torch.ones(2, 3, 7))).toThrow('stream: "rnn": expected');
  });
});
