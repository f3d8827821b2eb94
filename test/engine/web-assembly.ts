/** The part of WebAssembly that the tests use; Node has it, but not its types. */
export interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<object>;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: Readonly<Record<string, (...args: number[]) => void>> };
  readonly Memory: new (limits: {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }) => {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  };
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
