/**
 * One rule being compiled: a cursor over its words, and the ways to report what is wrong with them in HAProxy's
 * words. Compile functions of actions get one; each answers undefined after it reported an error.
 */
import { compileExpression } from '../acl/expression.ts';
import { compileLogFormat } from '../acl/log-format.ts';
import { readsRequest } from '../acl/phase.ts';
import { prefixed } from '../acl/prefixed.ts';
import type { CompiledExpression, CompiledLogFormat } from '../acl/compiled.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Rule, RulesetName } from '../model/rule.ts';
import type { Word } from '../model/word.ts';
import type { RuleEnvironment } from './environment.ts';

/** `stats http-request` and `redirect` lines are rules too. */
export type RuleKind = RulesetName | 'stats http-request' | 'redirect' | 'http-error';

type FormatStyle = 'http' | 'plain';

export interface RuleSource {
  readonly kind: RuleKind;
  readonly position: Position;
  /** Without its part in parentheses. */
  readonly action: string;
  readonly actionArgs?: string | undefined;
  readonly args: readonly Word[];
  /** Taken over from a defaults section, which serves either side. */
  readonly fromDefaults?: true | undefined;
  /** `capture <sample> len <length>`: the number of its slot; undefined: behind all others. */
  readonly captureSlot?: number | undefined;
  /** The rule behind it in the same ruleset. */
  readonly followedBy?: Pick<Rule, 'action' | 'condition'> | undefined;
}

export class RuleLine {
  readonly source: RuleSource;
  readonly env: RuleEnvironment;
  readonly #outer: RuleEnvironment;
  /** Phases (bits) the rule runs in. */
  readonly phases: number;
  #next = 0;
  /** Phases in which all of its expressions are legal. */
  #legal = -1;

  constructor(source: RuleSource, phases: number, env: RuleEnvironment) {
    this.source = source;
    this.phases = phases;
    this.#outer = env;
    this.env = prefixed(env, errorPrefix(source, env));
  }

  get kind(): RuleKind {
    return this.source.kind;
  }

  get action(): string {
    return this.source.action;
  }

  /** Acts on the response. */
  get onResponse(): boolean {
    return (
      this.kind === 'http-response' ||
      this.kind === 'http-after-response' ||
      this.kind === 'tcp-response content'
    );
  }

  get isFrontend(): boolean {
    return this.env.section.kind !== 'backend';
  }

  get isBackend(): boolean {
    return this.env.section.kind !== 'frontend';
  }

  // ── the cursor ──

  /** Text of the word that comes next; empty at the end. */
  get next(): string {
    return this.source.args[this.#next]?.text ?? '';
  }

  get left(): number {
    return this.source.args.length - this.#next;
  }

  take(): Word | undefined {
    return this.source.args[this.#next++];
  }

  /** Takes the next word if it is this one. */
  accept(text: string): boolean {
    if (this.left === 0 || this.next !== text) return false;
    this.#next++;
    return true;
  }

  /** An expression may be written with blanks behind its commas: `src, ipmask(24)`. */
  takeExpression(): CompiledExpression | undefined {
    const first = this.take();
    if (first === undefined) return this.error('missing sample expression');
    let text = first.text;
    while (text.endsWith(',') && this.left > 0) text += this.take()?.text ?? '';
    return this.expression({ text, position: first.position });
  }

  expression(word: Word): CompiledExpression | undefined {
    return this.#noted(compileExpression(word.text, word.position, this.phases, this.env));
  }

  /** `http`: for a part of a message, where bytes that cannot stand there are escaped and nothing is quoted. */
  format(word: Word, style: FormatStyle): CompiledLogFormat | undefined {
    return this.#noted(compileLogFormat(word.text, word.position, this.phases, this.env, { style }));
  }

  takeFormat(style: FormatStyle): CompiledLogFormat | undefined {
    const word = this.take();
    return word === undefined ? this.error('missing log-format') : this.format(word, style);
  }

  #noted<T extends { readonly phases: number }>(compiled: T | undefined): T | undefined {
    if (compiled !== undefined) this.#legal &= compiled.phases;
    return compiled;
  }

  /** Its action asks what a client says. */
  get readsRequest(): boolean {
    return readsRequest(this.#legal);
  }

  // ── reports ──

  error(message: string, at: Position = this.#position()): undefined {
    this.env.report({ severity: 'alert', position: at, message });
    return undefined;
  }

  /** Without the prefix of errors. */
  warn(message: string): void {
    this.#outer.report({ severity: 'warning', position: this.source.position, message });
  }

  #position(): Position {
    const { args, position } = this.source;
    return (args[Math.min(this.#next, args.length) - 1] ?? { position }).position;
  }
}

/** As error messages name a proxy: `frontend 'web'`; `proxy` is both. */
function proxyLabel(env: RuleEnvironment): string {
  const { kind, name } = env.section;
  return `${kind === 'listen' ? 'proxy' : kind} '${name}'`;
}

function errorPrefix({ kind, action }: RuleSource, env: RuleEnvironment): string {
  if (kind === 'http-error') return 'http-error : ';
  if (kind.startsWith('tcp-')) return `'${kind} ${action}' : `;
  const words = kind === 'redirect' ? kind : `${kind} ${action}`;
  return `error detected in ${proxyLabel(env)} while parsing '${words}' rule : `;
}
