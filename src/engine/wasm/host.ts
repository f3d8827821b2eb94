/** What is used of WebAssembly, of Node and of a page. The types of none of them are those of every platform. */
import type { GrowingMemory } from "./arena.ts";

/** The part of the global object that matters here. */
interface Host {
  readonly WebAssembly?: {
    readonly validate: (bytes: Uint8Array) => boolean;
    readonly compile: (bytes: Uint8Array) => Promise<object>;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: object };
    readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => GrowingMemory;
  };
  readonly process?: {
    readonly versions?: { readonly node?: string };
    readonly getBuiltinModule?: <Name extends keyof BuiltIn>(name: Name) => BuiltIn[Name] | undefined;
  };
  readonly performance: { readonly now: () => number };
  /** Whether a page may share memory. */
  readonly crossOriginIsolated?: boolean;
  readonly Worker?: new (url: string) => PageWorker;
  readonly Blob?: new (parts: readonly string[], options: { type: string }) => object;
  readonly URL?: {
    readonly createObjectURL: (blob: object) => string;
    readonly revokeObjectURL: (url: string) => void;
  };
}

/** Modules of Node. */
interface BuiltIn {
  readonly v8: { readonly setFlagsFromString: (flag: string) => void };
  /** `crc32` is younger than the module. */
  readonly zlib: { readonly crc32?: (bytes: Uint8Array) => number };
  readonly worker_threads: { readonly Worker: NodeWorkerClass };
}

/** How Node starts a worker from a text. */
export type NodeWorkerClass = new (
  source: string,
  options: { eval: true; workerData: object; execArgv: readonly string[] },
) => NodeWorker;

/** A worker of Node. */
interface NodeWorker {
  once(event: "message", listener: () => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  unref(): void;
  terminate(): unknown;
}

/** A worker of a page. */
interface PageWorker {
  onmessage: (() => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: object): void;
  terminate(): void;
}

/** The machine that all runs on. */
export const host = globalThis as unknown as Host;

/** Its WebAssembly; whoever uses it has seen that it is there, or expects an exception. */
export const machine = host.WebAssembly as NonNullable<Host["WebAssembly"]>;

/** Whether compiling on the spot is welcome: in Node and its like it is, on a page it is not. */
export const synchronous = (): boolean => host.process?.getBuiltinModule !== undefined;

/** What a module exports when its kernels work in this memory. */
export const exportsOf = (module: object, memory: GrowingMemory): object =>
  new machine.Instance(module, { arena: { memory } }).exports;
