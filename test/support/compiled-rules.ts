/** Compiles the rules of a configuration text, as a thread does at start. */
import { PatternRegistry } from '../../src/acl/pattern-registry.ts';
import { VariableNames } from '../../src/acl/variables.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { compileProxyRules } from '../../src/rules/compile.ts';
import type { RuleEnvironment } from '../../src/rules/environment.ts';
import { RuleEnvironments } from '../../src/rules/environments.ts';
import { StickTables } from '../../src/state/stick-table/stick-tables.ts';
import type { ProxyRules } from '../../src/rules/proxy-rules.ts';

export interface CompiledConfig {
  /** By proxy name. */
  readonly rules: ReadonlyMap<string, ProxyRules>;
  readonly environments: ReadonlyMap<string, RuleEnvironment>;
  /** `alert 3: message`, those of the parser first. */
  readonly messages: readonly string[];
  readonly variables: VariableNames;
  readonly patterns: PatternRegistry;
}

type Files = Readonly<Record<string, string>>;

export function compileConfig(text: string, files: Files = {}): CompiledConfig {
  const read = (path: string): { readonly text: string } | { readonly error: string } => {
    const content = files[path];
    return content === undefined ? { error: 'No such file or directory' } : { text: content };
  };
  const { config, diagnostics } = parseConfig([{ path: 'test.cfg', text }], {
    environment: {},
    readFile: read,
  });
  const messages = diagnostics.map(render);
  const patterns = new PatternRegistry({
    readFile: path => {
      const file = read(path);
      return 'error' in file ? file : { content: file.text };
    },
  });
  const variables = new VariableNames();
  const rules = new Map<string, ProxyRules>();
  const compiledIn = new Map<string, RuleEnvironment>();
  if (config === undefined) return { rules, environments: compiledIn, messages, variables, patterns };
  const environments = new RuleEnvironments(config, {
    report: diagnostic => messages.push(render(diagnostic)),
    variables,
    patterns,
    tables: StickTables.forChecking(config.stickTables),
    tokenCertificates: undefined,
    environment: () => undefined,
  });
  for (const proxy of config.proxies) {
    const env = environments.for(proxy);
    compiledIn.set(proxy.name, env);
    rules.set(proxy.name, compileProxyRules(proxy, env));
  }
  return { rules, environments: compiledIn, messages, variables, patterns };
}

function render({ severity, position, message }: Diagnostic): string {
  return `${severity} ${position.line}: ${message}`;
}

const TIMEOUTS = ['defaults', '  timeout connect 1s', '  timeout client 1s', '  timeout server 1s'];
const FRONTEND = [...TIMEOUTS, 'frontend web', '  mode http', '  bind :8080', '  default_backend app'];
const BACKEND = ['backend app', '  mode http', '  server s1 192.0.2.1:80', '  server s2 192.0.2.2:80'];
const RESOLVERS = ['resolvers dns', '  nameserver one 192.0.2.53:53'];

/** A frontend `web` with these lines and a backend `app`; fails on any alert about rules. */
export function frontendRules(lines: readonly string[], files?: Files): ProxyRules {
  return compileFrontend(lines, files).rules.get('web') as ProxyRules;
}

export function compileFrontend(lines: readonly string[], files: Files = {}): CompiledConfig {
  const text = [...FRONTEND, ...lines.map(line => `  ${line}`), ...BACKEND, ...RESOLVERS, ''].join('\n');
  const compiled = compileConfig(text, files);
  const alerts = compiled.messages.filter(message => message.startsWith('alert'));
  if (alerts.length > 0) throw new Error(alerts.join('\n'));
  return compiled;
}

/** What compiling these lines of a frontend complains about. */
export function complaints(lines: readonly string[], files: Files = {}): string[] {
  const text = [...FRONTEND, ...lines.map(line => `  ${line}`), ...BACKEND, ...RESOLVERS, ''].join('\n');
  return compileConfig(text, files).messages.map(message => message.replace(/^(\w+) \d+: /, '$1 '));
}
