/** Compiles and evaluates one expression, condition or log format in a test. */
import assert from 'node:assert/strict';
import { compileCondition } from '../../src/acl/condition.ts';
import type { CompiledCondition, CompiledExpression, LogFormatOptions } from '../../src/acl/compiled.ts';
import type { SampleContext } from '../../src/acl/context.ts';
import { compileExpression } from '../../src/acl/expression.ts';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import type { Phase } from '../../src/acl/phase.ts';
import { AT, conditionOf, testEnvironment } from './compile-environment.ts';
import type { TestEnvironment } from './compile-environment.ts';
import { requestHead, sampleContext } from './sample-context.ts';

export const REQUEST_PHASE: Phase = 'frontend http-request header rule';
export const LOG_PHASE: Phase = 'logs';
export const CONTENT_PHASE: Phase = 'frontend tcp-request content rule';

export const EXAMPLE_REQUEST = requestHead('GET', '/shop/cart?id=7&q=a%20b', [
  ['Host', 'Shop.example.com:8080'],
  ['X-List', 'one, two,three'],
  ['Cookie', 'sid=s1; lang=de'],
]);

export function exampleContext(overrides: Partial<SampleContext> = {}): SampleContext {
  return sampleContext({ request: EXAMPLE_REQUEST, ...overrides });
}

export function compiled(
  text: string,
  env: TestEnvironment = testEnvironment(),
  phase: Phase = REQUEST_PHASE,
): CompiledExpression {
  const expression = compileExpression(text, AT, phaseBit(phase), env);
  assert.deepEqual(
    env.diagnostics.map(({ message }) => message),
    [],
    text,
  );
  assert.ok(expression !== undefined);
  return expression;
}

/** The sample as text; undefined when absent. */
export function textOf(
  text: string,
  ctx: SampleContext = exampleContext(),
  env: TestEnvironment = testEnvironment(),
  phase: Phase = REQUEST_PHASE,
): string | undefined {
  return compiled(text, env, phase).string(ctx);
}

/** The one complaint about a text that must not compile. */
export function complaint(text: string, env = testEnvironment(), phase: Phase = REQUEST_PHASE): string {
  // not equal(): the runner cannot take in a failure that holds functions
  assert.ok(compileExpression(text, AT, phaseBit(phase), env) === undefined, `${text} is compiled`);
  assert.equal(env.diagnostics.length, 1);
  const [diagnostic] = env.diagnostics;
  return diagnostic?.hint === undefined
    ? `${diagnostic?.message}`
    : `${diagnostic.message} (${diagnostic.hint})`;
}

export function compiledCondition(
  text: string,
  env: TestEnvironment = testEnvironment(),
  phase: Phase = REQUEST_PHASE,
): CompiledCondition {
  const condition = compileCondition(conditionOf(text), phaseBit(phase), env);
  assert.ok(condition !== undefined, JSON.stringify(env.diagnostics));
  return condition;
}

export function holds(
  text: string,
  ctx: SampleContext = exampleContext(),
  env: TestEnvironment = testEnvironment(),
  phase: Phase = REQUEST_PHASE,
): boolean {
  return compiledCondition(text, env, phase).test(ctx);
}

export function rendered(
  text: string,
  ctx: SampleContext = exampleContext(),
  options: LogFormatOptions = { style: 'log' },
  env: TestEnvironment = testEnvironment(),
): string {
  const format = compileLogFormat(text, AT, phaseBit(LOG_PHASE), env, options);
  assert.ok(format !== undefined, JSON.stringify(env.diagnostics));
  return format.render(ctx);
}
