/**
 * Runs the checks of a configuration text inside the test, without data threads: what they find is heard as the
 * lines of `option log-health-checks` and of the servers' life.
 */
import { http2CheckLinks } from '../../src/proxy/http2/check-link.ts';
import type { TestContext } from 'node:test';
import { VariableStore } from '../../src/acl/variables.ts';
import { Checks, type ChecksStart } from '../../src/health/checks.ts';
import type { Alarm } from '../../src/health/scheduler.ts';
import { currentFiles } from '../../src/certificates/current-files.ts';
import { loadCertificates } from '../../src/certificates/load-certificates.ts';
import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { ServerContexts } from '../../src/net/tls/server-contexts.ts';
import { PolledEngine } from '../../src/net/engines/polled/engine.ts';
import { Environments } from '../../src/proxy/runtime/compile-environment.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { CheckContext, type CheckSurroundings } from '../../src/worker/servers/check-context.ts';
import { CheckExpressionCompiler, compileUniqueId } from '../../src/worker/servers/check-expressions.ts';
import { createState, type TestState } from './state.ts';

export interface CheckedConfig extends TestState {
  readonly checks: Checks;
  /** Lines for the logs of proxies. */
  readonly lines: string[];
  readonly mistakes: Diagnostic[];
  /** What effects were asked for: `flush 0`, `offer 0`, `shutdown 0 down`. */
  readonly effects: string[];
  /** The first line that matches, from the beginning. */
  readonly line: (pattern: RegExp, withinMs?: number) => Promise<string>;
}

interface CheckRunnerOptions {
  readonly alarm?: Alarm;
  readonly alert?: ChecksStart['alert'];
  /** Does not begin to check. */
  readonly idle?: boolean;
}

export function startChecks(
  t: TestContext,
  text: string,
  { alarm, alert, idle = false }: CheckRunnerOptions = {},
): CheckedConfig {
  const state = createState(text);
  const { config, control, writer } = state;
  const mistakes: Diagnostic[] = [];
  const environments = new Environments(config, mistake => mistakes.push(mistake));
  const around: CheckSurroundings = {
    process: {} as CheckSurroundings['process'],
    stats: {} as CheckSurroundings['stats'],
    servers: {} as CheckSurroundings['servers'],
    processVariables: new VariableStore(),
    uniqueId: compileUniqueId(environments),
  };
  const lines: string[] = [];
  const effects: string[] = [];
  const listeners = new Set<() => void>();
  const checks = new Checks({
    config,
    plan: control.plan,
    servers: writer,
    node: 'node',
    expressions: proxy => new CheckExpressionCompiler(environments, proxy, around),
    newScope: () => new CheckContext(around),
    createEngine: () => new PolledEngine({ bufsize: config.global.tune.bufsize }),
    createTlsEngine: () => new NodeEngine({ bufsize: config.global.tune.bufsize }),
    serverContexts: new ServerContexts(currentFiles(loadCertificates(config).store)),
    speakHttp2: http2CheckLinks(config.global),
    notice: () => undefined,
    log: (_backend, _level, line) => {
      lines.push(line);
      for (const listener of listeners) listener();
    },
    flush: server => effects.push(`flush ${server}`),
    dropIdle: server => effects.push(`drop idle ${server}`),
    offer: server => effects.push(`offer ${server}`),
    shutdownSessions: (server, why) => effects.push(`shutdown ${server} ${why}`),
    ...(alert !== undefined && { alert }),
    ...(alarm !== undefined && { alarm }),
  });
  t.after(() => checks.stop());
  checks.know();
  if (!idle) checks.begin();
  const line = (pattern: RegExp, withinMs = 30_000): Promise<string> =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        listeners.delete(look);
        clearTimeout(limit);
      };
      const look = (): void => {
        const found = lines.find(one => pattern.test(one));
        if (found === undefined) return;
        finish();
        resolve(found);
      };
      const limit = setTimeout(() => {
        finish();
        reject(new Error(`no line ${pattern}; there are:\n${lines.join('\n')}`));
      }, withinMs);
      listeners.add(look);
      look();
    });
  return { ...state, checks, lines, mistakes, effects, line };
}

/** A backend `b` whose one server is checked once a second at most, and told about at the first result. */
export function checkedBackend(rules: string, address: string, options = '', timeoutMs = 150): string {
  return `backend b
 option log-health-checks
 timeout check ${timeoutMs}ms
 timeout connect ${timeoutMs}ms
 ${rules}
 server s1 ${address} check inter 1s rise 1 fall 1 ${options}`;
}

/** What the first check found: the line without the name of the server and the duration. */
export async function firstFinding(
  t: TestContext,
  rules: string,
  address: string,
  options = '',
  timeoutMs?: number,
): Promise<string> {
  const { line, mistakes } = startChecks(t, checkedBackend(rules, address, options, timeoutMs));
  if (mistakes.length > 0) throw new Error(JSON.stringify(mistakes));
  const text = await line(/^(Health|Agent) check for/, 5000 + 2 * (timeoutMs ?? 0));
  return text
    .replace(/^.* server b\/s1 /, '')
    .replace(/, check duration: \d+ms/, '')
    .replace(/, status: .*$/, '');
}
