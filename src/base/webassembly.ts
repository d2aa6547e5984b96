/** What is used here of Node's WebAssembly, which its type declarations leave to those of browsers. */
export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Opaque. */
export type Module = object;

export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface Table {
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(by: number, value?: unknown): number;
}

interface Constructors {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: Imports,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

const constructors = (globalThis as unknown as { WebAssembly: Constructors }).WebAssembly;

export function compileModule(bytes: Uint8Array): Module {
  return new constructors.Module(bytes);
}

export function instantiate(module: Module, imports: Imports): Readonly<Record<string, unknown>> {
  return new constructors.Instance(module, imports).exports;
}
