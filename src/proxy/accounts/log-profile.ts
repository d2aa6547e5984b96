/**
 * `log-profile` sections (manual, section 8.3.5): what a log target, or a `do-log` rule, says otherwise than the frontend, by
 * the step at which a line is written. Formats are compiled once for each frontend that uses the profile.
 */
import type { CompiledLogFormat } from '../../acl/compiled.ts';
import type { Config, OtherSection } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';

/** How `%OG` calls where a line comes from. */
export type LogOrigin =
  | 'txn_accept'
  | 'txn_request'
  | 'txn_connect'
  | 'txn_response'
  | 'txn_close'
  | 'sess_error'
  /** `do-log`, by its ruleset: `http-req`, `tcp-req-conn`, ... */
  | (string & {});

/** The word behind `on` for it. */
function stepOf(origin: LogOrigin): string {
  return /^(?:txn|sess)_(.*)/.exec(origin)?.[1] ?? origin;
}

interface ProfileStep {
  readonly drop: boolean;
  readonly format: CompiledLogFormat | undefined;
  readonly structuredData: CompiledLogFormat | undefined;
}

export interface CompiledProfile {
  readonly tag: string | undefined;
  /** The step's own, or that of `any`. */
  readonly stepFor: (origin: LogOrigin) => ProfileStep | undefined;
}

type CompileProfileFormat = (format: Word) => CompiledLogFormat | undefined;

/** Those that the targets of a frontend name, and those its rules may name. */
export function compileProfiles(
  config: Config,
  proxy: Proxy,
  compile: CompileProfileFormat,
): ReadonlyMap<string, CompiledProfile> {
  const sections = config.otherSections.filter(({ kind }) => kind === 'log-profile');
  if (sections.length === 0) return new Map();
  const used = usedProfiles(proxy, config);
  return new Map(
    sections
      .filter(({ name }) => used.has(name))
      .map(section => [section.name, compileSection(section, compile)]),
  );
}

function usedProfiles(proxy: Proxy, config: Config): ReadonlySet<string | undefined> {
  const targets = proxy.logGlobal ? [...config.global.logs, ...proxy.logs] : proxy.logs;
  const rules = config.proxies.flatMap(one => one.rules);
  return new Set([
    ...targets.map(({ profile }) => profile),
    ...rules.filter(({ action }) => action === 'do-log').map(({ args }) => args[1]?.text),
  ]);
}

function compileSection({ lines }: OtherSection, compile: CompileProfileFormat): CompiledProfile {
  let tag: string | undefined;
  const steps = new Map<string, ProfileStep>();
  for (const [keyword, first, ...rest] of lines) {
    if (keyword?.text === 'log-tag') tag = first?.text;
    else if (first !== undefined) steps.set(first.text, compileStep(rest, compile));
  }
  return { tag, stepFor: origin => steps.get(stepOf(origin)) ?? steps.get('any') };
}

function compileStep(words: readonly Word[], compile: CompileProfileFormat): ProfileStep {
  const behind = (name: string): CompiledLogFormat | undefined => {
    const at = words.findLastIndex(({ text }) => text === name);
    const format = at < 0 ? undefined : words[at + 1];
    return format === undefined ? undefined : compile(format);
  };
  return {
    drop: words.length === 1 && words[0]?.text === 'drop',
    format: behind('format'),
    structuredData: behind('sd'),
  };
}
