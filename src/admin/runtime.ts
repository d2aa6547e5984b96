/**
 * What commands may ask of the process and do to it. worker/ implements it; everything that changes data threads
 * answers when all of them have made the change.
 */
import type { Config } from '../model/config.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { Level } from './level.ts';

export interface AdminSocket {
  /** With its kind, as `show cli sockets` says it: `unix@/run/lb.sock`. */
  readonly name: string;
  readonly level: Level;
}

export interface AdminRuntime {
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly startTimeMs: number;
  /** Warnings and alerts of the start, as they were printed. */
  readonly startupLogs: readonly string[];
  readonly sockets: readonly AdminSocket[];
}
