/** onnxruntime, as WebAssembly and as a native library. Inference only. */
import { importPeer } from "../installed.ts";
import { onnxModel, STATES } from "../onnx-model.ts";
import { type Peer, type Task, task } from "../peer.ts";
import type { Problem } from "../problem.ts";

/** A tensor of onnxruntime. */
interface OrtTensor {
  readonly data: Float32Array;
}

/** What is used of the packages. */
interface Ort {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<OrtSession>;
  };
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/** onnxruntime-web on WebAssembly. */
export async function ortWeb(threads: number): Promise<Peer> {
  const ort = await importPeer<Ort>("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  return peer("ort-web", threads, ort, { executionProviders: ["wasm"] });
}

/** onnxruntime-node on the CPU. */
export async function ortNode(threads: number): Promise<Peer> {
  const module = await importPeer<{ default: Ort }>("onnxruntime-node");
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: "sequential" };
  return peer("ort-node", threads, module.default, options);
}

function peer(name: string, threads: number, ort: Ort, options: object): Peer {
  return {
    name,
    threads,
    async prepare(problem) {
      if (problem.workload.mode === "train") return undefined;
      return ready(ort, await ort.InferenceSession.create(onnxModel(problem), options), problem);
    },
  };
}

function ready(ort: Ort, session: OrtSession, { workload, cell, x }: Problem): Task {
  const { H, B, directions, mode } = workload;
  const input = () => new ort.Tensor("float32", x.data, x.shape);
  const close = () => session.release();
  if (mode === "run") return task(workload, async () => (await session.run({ x: input() })).y!.data, close);
  const zero = () => new ort.Tensor("float32", new Float32Array(directions * B * H), [directions, B, H]);
  let state = Object.fromEntries(STATES[cell].map((name) => [name, zero()]));
  const step = async () => {
    const results = await session.run({ x: input(), ...state });
    state = Object.fromEntries(STATES[cell].map((name) => [name, results[`${name}Next`]!]));
    return results.y!.data;
  };
  return task(workload, step, close);
}
