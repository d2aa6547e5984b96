/** What `lb explain` found out, as plain data: `--json` prints it as it is. Bytes are one char a byte. */
import type { ExplainedRule } from '../../rules/explain.ts';

export interface Explanation {
  /** Head and body as the client sends them. */
  readonly request: string;
  readonly frontend: Place & { readonly bind: string; readonly bindLine: number };
  /** In the order of evaluation. */
  readonly rules: readonly ExplainedRule[];
  /** Undefined: the request got no further than the frontend. */
  readonly backend: Place | undefined;
  readonly server: (Place & { readonly address: string }) | undefined;
  /** What `debug` converters told their sinks. */
  readonly events: readonly ExplainedEvent[];
  readonly outcome: Outcome;
  /** The two letters of the log: `--`, `PR`, ... */
  readonly termination: string;
}

export interface ExplainedEvent {
  readonly sink: string;
  readonly line: string;
}

export interface Place {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface Outcome {
  /**
   * `forwarded`: the server has the request. `answered`: the client has an answer of lb's own.
   * `responded`: the client has the server's answer. `closed`: the client has nothing but the end of its connection.
   */
  readonly kind: 'forwarded' | 'answered' | 'responded' | 'closed';
  /** What the server was sent. */
  readonly toServer: string | undefined;
  /** What the client was sent. */
  readonly toClient: string | undefined;
}
