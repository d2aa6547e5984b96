/** Socket addresses as the configuration names them (manual, section 11). */
export type Address =
  | {
      readonly kind: 'ip';
      readonly family: 4 | 6;
      /** Textual; `0.0.0.0` and `::` are the wildcards. */
      readonly host: string;
      readonly port: number;
    }
  | { readonly kind: 'unix'; readonly path: string }
  /** `abns@`; `abnsz@` when the name ends with a zero byte instead of filling the structure. */
  | { readonly kind: 'abstract'; readonly name: string; readonly zeroTerminated?: boolean }
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'sockpair'; readonly fd: number }
  /** `rhttp@`: of a listener, the server that it connects to; of a server, nothing: it connects itself. */
  | { readonly kind: 'reverse'; readonly backend: string; readonly server: string }
  | { readonly kind: 'name'; readonly host: string; readonly port: number; readonly family: 0 | 4 | 6 };
