/**
 * Compiles the rules of a check method into steps (manual, `option tcp-check`, `option httpchk`): adds the connection
 * and the expectation that no rule names, as HAProxy does, and hands comments to the rules behind them.
 */
import type { CheckMethod } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import { compileConnect, IMPLICIT_CONNECT } from './compile-connect.ts';
import { compileHttpExpect, defaultHttpExpect } from './compile-http-expect.ts';
import { compileTcpSend } from './compile-send.ts';
import { compileTcpExpect } from './compile-tcp-expect.ts';
import type { CheckExpressions } from './expressions.ts';
import { compileRequest, mergePlans, planOfOption, planOfSend, type RequestPlan } from './http-request.ts';
import { readyMadeRuleset } from './ready-made.ts';
import type { ConnectStep, ExpectStep, Ruleset, SendStep, Step, StepPlace } from './ruleset.ts';

/** A connection is all that is asked for. */
const CONNECT_ONLY: Ruleset = {
  kind: 'ready-made',
  steps: [IMPLICIT_CONNECT],
  disableOn404: false,
  sendState: false,
};

/** Undefined after a mistake (reported), and for `external`, which has no rules. */
export function compileRuleset(method: CheckMethod, expressions: CheckExpressions): Ruleset | undefined {
  switch (method.kind) {
    case 'tcp':
      return CONNECT_ONLY;
    case 'external':
      return undefined;
    case 'tcp-check':
      return compileTcpRules(method, expressions);
    case 'httpchk':
      return compileHttpRules(method, expressions);
    default:
      return readyMadeRuleset(method.kind, method.args);
  }
}

/** Rules that no check runs: each is looked at for itself, and which stands behind which is nobody's business. */
export function judgeUnusedRules({ httpCheck, tcpCheck }: CheckMethod, expressions: CheckExpressions): void {
  compileTcpRules({ kind: 'tcp-check', args: [], httpCheck: [], tcpCheck }, expressions);
  for (const rule of httpCheck)
    compileHttpRules({ kind: 'httpchk', args: [], httpCheck: [rule], tcpCheck: [] }, expressions);
}

function compileTcpRules(method: CheckMethod, expressions: CheckExpressions): Ruleset | undefined {
  if (!inTcpOrder(method.tcpCheck, expressions)) return undefined;
  const compile: CompileStep = (rule, place) =>
    rule[0]?.text === 'expect'
      ? compileTcpExpect(rule, place, expressions)
      : compileTcpSend(rule, place.index, expressions);
  const steps = compileSteps(method.tcpCheck, compile, expressions);
  return steps && finish({ kind: 'tcp-check', steps, disableOn404: false, sendState: false });
}

const FLAG_RULES = ['disable-on-404', 'send-state'];

function compileHttpRules(method: CheckMethod, expressions: CheckExpressions): Ruleset | undefined {
  const [disableOn404, sendState] = FLAG_RULES.map(name =>
    method.httpCheck.some(rule => rule[0]?.text === name),
  ) as [boolean, boolean];
  const rules = method.httpCheck.filter(([word]) => !FLAG_RULES.includes(word?.text ?? ''));
  if (!inHttpOrder(rules, expressions)) return undefined;
  const option = planOfOption(method.args, expressions);
  let merged = false;
  const compile: CompileStep = (rule, place) => {
    if (rule[0]?.text === 'expect') return compileHttpExpect(rule, { ...place, disableOn404 }, expressions);
    const plan = planOfSend(rule, expressions);
    if (plan === undefined) return undefined;
    const step = requestStep(merged ? plan : mergePlans(option, plan), place.index, sendState);
    merged = true;
    return step;
  };
  const explicit = compileSteps(rules, compile, expressions);
  if (explicit === undefined) return undefined;
  const steps = merged ? explicit : insertRequest(explicit, requestStep(option, 0, sendState));
  const last = steps.findLast(({ kind }) => kind !== 'action');
  if (last?.kind === 'send')
    steps.push(
      defaultHttpExpect({ index: last.index + 1, head: steps.length, comment: undefined, disableOn404 }),
    );
  return finish({ kind: 'httpchk', steps, disableOn404, sendState });
}

function requestStep(plan: RequestPlan, index: number, sendState: boolean): SendStep {
  const host = plan.headers.find(([name]) => name === 'host')?.[1];
  return {
    kind: 'send',
    index,
    compose: compileRequest(plan, sendState),
    ...(plan.comment !== undefined && { comment: plan.comment }),
    ...(host !== undefined && { host }),
  };
}

/** Where a rule connects, nothing is sent or expected before the first that does. */
function inTcpOrder(rules: readonly (readonly Word[])[], expressions: CheckExpressions): boolean {
  const first = rules.find(([word]) => !['comment', 'action'].includes(kindOf(word?.text ?? '')))?.[0];
  const connect = rules.find(([word]) => word?.text === 'connect')?.[0];
  if (connect === undefined || first === connect) return true;
  const what = `'tcp-check connect' : behind '${first?.text}', which needs a connection itself`;
  expressions.report('alert', connect.position, `${what}: the first rule must be a connect one too.`);
  return false;
}

/** After an answer comes a new connection, and nothing is expected of one that was asked nothing. */
function inHttpOrder(rules: readonly (readonly Word[])[], expressions: CheckExpressions): boolean {
  let before = '';
  for (const [index, rule] of rules.entries()) {
    const word = rule[0] as Word;
    const name = word.text;
    if (!['connect', 'send', 'expect'].includes(name)) continue;
    const missing = missingBefore(name, before);
    if (missing !== undefined) {
      const what = `unable to add http-check ${name} rule at step ${index + 1}`;
      expressions.report('alert', word.position, `${what} (missing ${missing} rule).`);
      return false;
    }
    before = name;
  }
  return true;
}

function missingBefore(name: string, before: string): string | undefined {
  if (before === '') return undefined;
  if (name === 'send' && before !== 'connect') return 'connect';
  if (name === 'expect' && before === 'connect') return 'send';
  return name === 'connect' && before !== 'expect' ? 'expect' : undefined;
}

/** `option httpchk` alone asks, behind the first connection if rules make one. */
function insertRequest(steps: readonly Step[], request: SendStep): Step[] {
  const first = steps.findIndex(({ kind }) => kind !== 'action');
  const connect = steps[first]?.kind === 'connect' ? steps[first] : undefined;
  const at = connect === undefined ? Math.max(0, first) : first + 1;
  const index = connect === undefined ? 0 : connect.index + 1;
  return [...steps.slice(0, at), { ...request, index }, ...shifted(steps.slice(at))];
}

/** Behind a step that was put in front. */
function shifted(steps: readonly Step[]): Step[] {
  return steps.map(step =>
    step.kind === 'expect' && step.head !== undefined ? { ...step, head: step.head + 1 } : step,
  );
}

type CompileStep = (rule: readonly Word[], place: StepPlace) => SendStep | ExpectStep | undefined;

/** All rules, comments handed on. Undefined after a mistake, but all were looked at. */
function compileSteps(
  rules: readonly (readonly Word[])[],
  compile: CompileStep,
  expressions: CheckExpressions,
): Step[] | undefined {
  const steps: Step[] = [];
  let failed = false;
  let comment: string | undefined;
  for (const [index, rule] of rules.entries()) {
    const name = rule[0]?.text ?? '';
    if (name === 'comment') {
      comment = rule[1]?.text;
      continue;
    }
    if (commentEnds(kindOf(name), rules[index - 1])) comment = undefined;
    const step = compileStep(name, rule, { index, head: headOf(steps), comment }, compile, expressions);
    if (step === undefined) failed = true;
    else steps.push(step);
  }
  return failed ? undefined : steps;
}

function compileStep(
  name: string,
  rule: readonly Word[],
  place: StepPlace,
  compile: CompileStep,
  expressions: CheckExpressions,
): Step | undefined {
  if (name === 'connect') return withComment(compileConnect(rule, place.index, expressions), place.comment);
  if (!/^(un)?set-var/.test(name)) return withComment(compile(rule, place), place.comment);
  const run = expressions.variable(rule);
  return run && { kind: 'action', index: place.index, run };
}

function kindOf(name: string): string {
  if (name.startsWith('send')) return 'send';
  return /^(un)?set-var/.test(name) ? 'action' : name;
}

/** A comment is for the rule behind it, and for more of the same kind if they send or expect. */
function commentEnds(kind: string, before: readonly Word[] | undefined): boolean {
  const kindBefore = kindOf(before?.[0]?.text ?? 'comment');
  if (kindBefore === 'comment') return false;
  return kindBefore !== kind || (kind !== 'send' && kind !== 'expect');
}

function withComment<T extends ConnectStep | SendStep | ExpectStep>(
  step: T | undefined,
  comment: string | undefined,
): T | undefined {
  return step === undefined || comment === undefined || step.comment !== undefined
    ? step
    : { ...step, comment };
}

/** Expect rules one behind the other look at the same bytes: from the first inverse one, judging begins again. */
function headOf(before: readonly Step[]): number {
  let head = before.length;
  for (let at = before.length - 1; at >= 0; at--) {
    const step = before[at] as Step;
    if (step.kind === 'expect') {
      if (step.inverse) head = at;
    } else if (step.kind !== 'action') break;
  }
  return head;
}

/** A connection comes first; it names its server by the Host of the request behind it. */
function finish(ruleset: Ruleset): Ruleset {
  const { steps } = ruleset;
  const first = steps.find(({ kind }) => kind !== 'action');
  if (first?.kind === 'connect') return ruleset;
  const host = first?.kind === 'send' ? first.host : undefined;
  const connect: ConnectStep = { ...IMPLICIT_CONNECT, ...(host !== undefined && { sni: host }) };
  return { ...ruleset, steps: [connect, ...shifted(steps)] };
}
