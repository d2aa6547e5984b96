/**
 * Chooses a thread's engine by `tune.engine`: the ring where the kernel lets us, net.Socket otherwise. `auto` never
 * fails; `reason` then says why it is not the ring, for `lb -vv` and `show info`.
 */
import type { Engine } from '../connection.ts';
import { NodeEngine } from './node/engine.ts';
import { UringEngine } from './uring/engine.ts';
import type { PipeQuota } from './uring/pipes.ts';
import { probeUring } from './uring/probe.ts';

interface EngineOptions {
  /** Size of a read, `tune.bufsize`. */
  readonly bufsize: number;
  /** Checking mode: released buffers are overwritten. */
  readonly poison?: boolean;
  /** For bodies that move inside the kernel: their size, and how many at most. */
  readonly pipes?: { readonly size: number; readonly quota: PipeQuota };
}

export type OpenedEngine =
  | { readonly engine: Engine; readonly reason?: string }
  | { readonly engine: undefined; readonly reason: string };

export function openEngine(choice: 'auto' | 'node' | 'uring', options: EngineOptions): OpenedEngine {
  if (choice === 'node') return { engine: new NodeEngine(options) };
  const probe = probeUring();
  if (probe.usable) return { engine: new UringEngine(options) };
  if (choice === 'auto') return { engine: new NodeEngine(options), reason: probe.reason };
  return { engine: undefined, reason: probe.reason };
}
