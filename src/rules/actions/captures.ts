/** capture (manual, section 4.4): a sample's text into a slot that logs and later rules read. */
import type { CompiledExpression } from '../../acl/compiled.ts';
import type { ActionDefinition } from '../action-definition.ts';
import type { CaptureSide } from '../capture-slots.ts';
import type { Action } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** Slots belong to the frontend, also when a backend's rule fills one. */
function storing(side: CaptureSide, slot: number, { string }: CompiledExpression): Action {
  const isRequest = side === 'request';
  return ctx => {
    const length = ctx.captureSlots.lengthOf(side, slot);
    const text = length === undefined ? undefined : string(ctx);
    if (text !== undefined)
      (isRequest ? ctx.requestCaptures : ctx.responseCaptures)[slot] = text.slice(0, length);
    return CONTINUE;
  };
}

function compileLength(line: RuleLine, expression: CompiledExpression): Action | undefined {
  if (!line.isFrontend) return line.error(`proxy '${line.env.section.name}' has no frontend capability`);
  const word = line.take()?.text;
  if (word === undefined) return line.error('missing length value');
  const length = Number.parseInt(word, 10);
  if (!(length > 0)) return line.error('length must be > 0');
  return storing('request', line.env.captures.place('request', line.source.captureSlot, length), expression);
}

/** In a backend the number cannot be checked before a request comes. */
function compileId(line: RuleLine, expression: CompiledExpression): Action | undefined {
  const word = line.take()?.text;
  if (word === undefined) return line.error('missing id value');
  if (!/^\d+$/.test(word)) return line.error(`cannot parse id '${word}'`);
  const side = line.onResponse ? 'response' : 'request';
  const slot = Number(word);
  if (line.isFrontend && line.env.captures.lengthOf(side, slot) === undefined)
    return line.error(`unable to find capture id '${slot}' referenced by ${line.kind} capture rule`);
  return storing(side, slot, expression);
}

function compileCapture(line: RuleLine): Action | undefined {
  const lengthAllowed = !line.onResponse;
  const idAllowed = line.kind !== 'tcp-request content';
  if (idAllowed && line.left < 3)
    return line.error(`expects <expression> ${lengthAllowed ? "[ 'len' <length> | id <idx> ]" : 'id <idx>'}`);
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  if (lengthAllowed && line.accept('len')) return compileLength(line, expression);
  if (idAllowed && line.accept('id')) return compileId(line, expression);
  if (!idAllowed) return line.error("a positive 'len' argument is mandatory");
  return line.error(`expects ${lengthAllowed ? "'len' or 'id'" : "'id'"}, found '${line.next}'`);
}

export const CAPTURE_ACTIONS: readonly ActionDefinition[] = [
  {
    name: 'capture',
    rulesets: ['tcp-request content', 'http-request', 'http-response', 'http-after-response'],
    args: '<sample> [ len <length> | id <id> ]',
    compile: compileCapture,
  },
];
