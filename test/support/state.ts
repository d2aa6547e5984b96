/** Shared state made from a configuration text, for tests of state/ and balancers/. */
import { serverSeed } from '../../src/balancers/server-seed.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import { planState } from '../../src/state/plan.ts';
import type { ServerWriter } from '../../src/state/server-writer.ts';
import { SharedState } from '../../src/state/shared-state.ts';

const DEFAULTS = 'defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n';

export function configOf(text: string): Config {
  const { config, diagnostics } = parseConfig([{ path: 'test.cfg', text: `${DEFAULTS}${text}\n` }], {
    environment: {},
    readFile: () => ({ error: 'no files here' }),
  });
  if (config === undefined) throw new Error(JSON.stringify(diagnostics[0]));
  return config;
}

export interface TestState {
  readonly config: Config;
  readonly writer: ServerWriter;
  /** The state as the control thread has it. */
  readonly control: SharedState;
  /** As thread n has it; in this very thread, which is enough to test what one thread sees of the other. */
  attach(thread: number): SharedState;
}

export function createState(text: string, threads = 1): TestState {
  const config = configOf(text);
  const control = SharedState.create(planState(config, threads));
  const writer = control.configure(config, serverSeed);
  return {
    config,
    writer,
    control,
    attach: thread => SharedState.attach(control.buffer, control.plan, thread),
  };
}

/** A backend of servers s1, s2, ... with these options each. */
export function backendOf(balance: string, ...serverOptions: string[]): string {
  const servers = serverOptions.map((options, index) => `server s${index + 1} 127.0.0.1:80 ${options}`);
  return `backend b\n balance ${balance}\n ${servers.join('\n ')}`;
}
