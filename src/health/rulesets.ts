/** The compiled rules of proxies and of healthcheck sections, each compiled once however many servers use it. */
import { ruleWords } from '../config-parser/haproxy/check-rule.ts';
import type { Config, OtherSection } from '../model/config.ts';
import type { CheckMethod, Proxy } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import { compileRuleset } from './compile-ruleset.ts';
import type { CheckExpressions } from './expressions.ts';
import type { Ruleset } from './ruleset.ts';

export class Rulesets {
  readonly #config: Config;
  readonly #expressions: (proxy: Proxy) => CheckExpressions;
  /** By section; '' for a proxy's own. */
  readonly #known = new WeakMap<Proxy, Map<string, Ruleset | undefined>>();

  constructor(config: Config, expressions: (proxy: Proxy) => CheckExpressions) {
    this.#config = config;
    this.#expressions = expressions;
  }

  /** Of a proxy's own check, or of a healthcheck section in that proxy. Undefined: none, or a mistake was reported. */
  of(proxy: Proxy, section: string | undefined): Ruleset | undefined {
    let known = this.#known.get(proxy);
    if (known === undefined) this.#known.set(proxy, (known = new Map()));
    const key = section ?? '';
    if (!known.has(key)) known.set(key, this.#compile(proxy, section));
    return known.get(key);
  }

  #compile(proxy: Proxy, name: string | undefined): Ruleset | undefined {
    if (name === undefined) return compileRuleset(proxy.check, this.#expressions(proxy));
    const section = findHealthcheck(this.#config, name);
    return section && compileRuleset(methodOf(section), this.#expressions(proxy));
  }
}

export function findHealthcheck(config: Config, name: string): OtherSection | undefined {
  return config.otherSections.find(section => section.kind === 'healthcheck' && section.name === name);
}

const KINDS: Readonly<Record<string, CheckMethod['kind']>> = {
  'tcp-check': 'tcp-check',
  httpchk: 'httpchk',
  'ssl-hello-chk': 'ssl-hello',
  smtpchk: 'smtp',
  'pgsql-check': 'pgsql',
  'redis-check': 'redis',
  'mysql-check': 'mysql',
  'ldap-check': 'ldap',
  'spop-check': 'spop',
};

/** `healthcheck <name>` (manual, section 12.x): `type ...` with the rules beside it. */
function methodOf({ lines }: OtherSection): CheckMethod {
  const type = lines.find(([word]) => word?.text === 'type') ?? [];
  const rules = (keyword: string): (readonly Word[])[] =>
    lines.filter(([word]) => word?.text === keyword).map(ruleWords);
  return {
    kind: KINDS[type[1]?.text ?? ''] ?? 'tcp-check',
    args: type.slice(2),
    httpCheck: rules('http-check'),
    tcpCheck: rules('tcp-check'),
  };
}
