/**
 * `vrrp_script`: runs a program again and again; `rise` successes make it up, `fall` failures down. The first result
 * counts at once. A run that outlives its timeout is a failure.
 */
import type { VrrpScript } from '../../model/keepalived.ts';
import type { ScriptAccounts } from '../../model/script-command.ts';
import type { Clock } from '../clock.ts';
import { runScript, type RunningScript, type ScriptResult } from '../run-script.ts';
import type { Tracker } from './tracker.ts';

/** Rise/fall counting, pure. */
export interface ScriptHealth {
  readonly up: boolean | undefined;
  /** Results in a row that speak against `up`. */
  readonly against: number;
}

export function advanceScript(
  health: ScriptHealth,
  success: boolean,
  { rise, fall }: Pick<VrrpScript, 'rise' | 'fall'>,
): ScriptHealth {
  if (health.up === undefined) return { up: success, against: 0 };
  if (success === health.up) return { up: success, against: 0 };
  const against = health.against + 1;
  return against >= (success ? rise : fall) ? { up: success, against: 0 } : { up: health.up, against };
}

interface ScriptTrackerPorts {
  readonly clock: Clock;
  readonly accounts: ScriptAccounts;
  onChange(up: boolean): void;
  log(message: string): void;
}

export function trackScript(script: VrrpScript, ports: ScriptTrackerPorts): Tracker {
  let health: ScriptHealth = { up: script.initFail ? false : undefined, against: 0 };
  let running: RunningScript | undefined;
  let stopped = false;
  let cancel = (): void => {};
  let lastTrouble = '';
  const finish = (result: ScriptResult, startedAt: number): void => {
    running = undefined;
    if (stopped) return;
    const success = result.kind === 'exit' && result.code === 0;
    const trouble = result.kind === 'refused' ? result.reason : result.kind === 'timeout' ? 'timed out' : '';
    if (trouble !== '' && trouble !== lastTrouble) ports.log(`script ${script.name}: ${trouble}`);
    lastTrouble = trouble;
    const before = health.up;
    health = advanceScript(health, success, script);
    cancel = ports.clock.after(startedAt + script.intervalMs - ports.clock.now(), run);
    if (health.up !== before && health.up !== undefined) {
      ports.log(`script ${script.name} ${health.up ? 'succeeded' : `failed (${describe(result)})`}`);
      ports.onChange(health.up);
    }
  };
  const run = (): void => {
    const startedAt = ports.clock.now();
    running = runScript(script.script, [], ports.accounts, ports.clock, script.timeoutMs);
    void running.result.then(result => finish(result, startedAt));
  };
  run();
  return {
    state: () => health.up,
    isRunning: () => running !== undefined,
    stop: () => {
      stopped = true;
      cancel();
      running?.stop();
    },
  };
}

function describe(result: ScriptResult): string {
  switch (result.kind) {
    case 'exit':
      return `exit status ${result.code}`;
    case 'refused':
      return result.reason;
    case 'signal':
    case 'timeout':
      return result.kind;
  }
}
