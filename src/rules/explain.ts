/**
 * What `lb explain` shows of rules: each one that was evaluated with its place, the samples its condition saw, and
 * what became of it. It listens to the same compiled rules that traffic runs (RuleContext.trace).
 */
import type { RuleContext, RuleTrace, WrittenRule } from './context.ts';
import type { Proxy } from '../model/proxy.ts';
import type { RuleEnvironment } from './environment.ts';
import { inspectCondition, renderCondition, renderWord, type SeenTerm } from './explain-condition.ts';
import { CONTINUE, VERDICT_NAMES, type Verdict } from './verdict.ts';

/** Plain data, as `--json` prints it. */
export interface ExplainedRule {
  readonly file: string;
  readonly line: number;
  readonly proxy: string;
  /** `http-request set-header X 1` */
  readonly rule: string;
  readonly condition: string | undefined;
  /** Undefined: not decidable before more bytes come. */
  readonly matched: boolean | undefined;
  readonly terms: readonly SeenTerm[];
  /** What its action answered, if it ran: `deny`, or what it did: `stored for 60 s`; undefined where the evaluation just went on. */
  verdict: string | undefined;
}

export class RuleRecorder implements RuleTrace {
  readonly rules: ExplainedRule[] = [];
  readonly #environmentOf: (section: Proxy) => RuleEnvironment;

  /** `environmentOf`: in which the rules of a proxy were compiled, or its like (same variables, same patterns). */
  constructor(environmentOf: (section: Proxy) => RuleEnvironment) {
    this.#environmentOf = environmentOf;
  }

  evaluated(
    { position, title, args, source, section, phases }: WrittenRule,
    matched: boolean | undefined,
    ctx: RuleContext,
  ): void {
    const terms =
      source === undefined ? [] : inspectCondition(source, phases, this.#environmentOf(section))(ctx);
    this.rules.push({
      file: position.file,
      line: position.line,
      proxy: section.name,
      rule: [title, ...args.map(renderWord)].join(' '),
      condition: source && renderCondition(source),
      matched,
      terms,
      verdict: undefined,
    });
  }

  told(outcome: string): void {
    const last = this.rules.at(-1);
    if (last !== undefined) last.verdict = outcome;
  }

  acted(_rule: WrittenRule, verdict: Verdict): void {
    const last = this.rules.at(-1);
    if (last !== undefined && verdict !== CONTINUE) last.verdict = VERDICT_NAMES[verdict];
  }
}

const MARKS = { green: '\u001b[32m', red: '\u001b[31m', dim: '\u001b[2m', none: '\u001b[0m' } as const;

/** One block a rule; `coloured` for terminals. */
export function renderRules(rules: readonly ExplainedRule[], coloured: boolean): string {
  const paint = (colour: keyof typeof MARKS, text: string): string =>
    coloured ? `${MARKS[colour]}${text}${MARKS.none}` : text;
  return rules.map(rule => renderRule(rule, paint)).join('');
}

type Paint = (colour: keyof typeof MARKS, text: string) => string;

function renderRule(rule: ExplainedRule, paint: Paint): string {
  const { file, line, matched, verdict } = rule;
  const state = matched === undefined ? 'undecided' : matched ? 'matched' : 'not matched';
  const outcome = verdict === undefined ? state : `${state}: ${verdict}`;
  const head = `${paint('dim', `${file}:${line}`)}  ${rule.rule}  ${paint(matched === true ? 'green' : 'red', outcome)}\n`;
  if (rule.condition === undefined) return head;
  return `${head}    ${rule.condition}\n${rule.terms.map(term => renderTerm(term, paint)).join('')}`;
}

function renderTerm({ text, holds, samples, definitions }: SeenTerm, paint: Paint): string {
  const values = new Map(samples.map(({ expression, value }) => [expression, value]));
  const seen = [...values].map(([expression, value]) => `${expression} = ${renderValue(value)}`);
  const head = `      ${paint(holds ? 'green' : 'red', holds ? 'yes' : 'no ')} ${text}${seen.length > 0 ? `  (${seen.join(', ')})` : ''}\n`;
  const lines = definitions.map(
    ({ file, line, text: written }) =>
      `            ${paint('dim', `${file}:${line}  ${shortened(written)}`)}\n`,
  );
  return head + lines.join('');
}

/** What a client sent may be anything: nothing of it reaches the terminal but what prints. */
function renderValue(value: string | undefined): string {
  if (value === undefined) return '(absent)';
  const escaped = value.replace(
    /[^\x20-\x7e]/g,
    char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}

const LONGEST_DEFINITION = 160;

function shortened(text: string): string {
  if (text.length <= LONGEST_DEFINITION) return text;
  return `${text.slice(0, LONGEST_DEFINITION).replace(/ \S*$/, '')} ...`;
}
