/** Addresses and socket options of the two connections (manual, section 4.4: set-src, set-dst, set-fc-tos, set-bc-mark, ...). */
import type { CompiledExpression } from '../../acl/compiled.ts';
import { lowWord } from '../../acl/integer.ts';
import type { Endpoint } from '../../net/connection.ts';
import { EVERYWHERE, TCP_REQUEST, type ActionDefinition } from '../action-definition.ts';
import type { Action, ConnectionSide, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

type Which = 'source' | 'destination';

function assign(ctx: RuleContext, which: Which, endpoint: Endpoint): void {
  if (which === 'source') ctx.setSource(endpoint);
  else ctx.setDestination(endpoint);
}

function compileSetAddress(which: Which): ActionDefinition['compile'] {
  return line => {
    const expression = line.takeExpression();
    if (expression === undefined) return undefined;
    return ctx => {
      const current = ctx.client?.[which];
      const ip = current === undefined ? undefined : expression.ip(ctx);
      if (current !== undefined && ip !== undefined)
        assign(ctx, which, { family: ip.family, host: ip.toString(), port: current.port });
      return CONTINUE;
    };
  };
}

/** A connection over a unix socket becomes one from 0.0.0.0, to have a port. */
function compileSetPort(which: Which): ActionDefinition['compile'] {
  return line => {
    const expression = line.takeExpression();
    if (expression === undefined) return undefined;
    return ctx => {
      const current = ctx.client?.[which];
      const value = current === undefined ? undefined : expression.int(ctx);
      if (current === undefined || value === undefined) return CONTINUE;
      const port = lowWord(value) & 0xffff;
      if (current.family === 0) assign(ctx, which, { family: 4, host: '0.0.0.0', port });
      else assign(ctx, which, { family: current.family, host: current.host, port });
      return CONTINUE;
    };
  };
}

/** A number, or an expression that gives one. */
export type NumberSource = (ctx: RuleContext) => number | undefined;

const INTEGER = /^[+-]?(0x[0-9a-f]+|\d+)$/i;

/** As strtoul(3) with base 0 reads it. */
function parseInteger(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const octal = /^([+-]?)0(\d+)$/.exec(text);
  if (octal !== null) return Number.parseInt((octal[1] ?? '') + (octal[2] ?? ''), 8);
  const digits = text.replace(/^[+-]/, '');
  return text.startsWith('-') ? -Number(digits) : Number(digits);
}

export function asNumber(expression: CompiledExpression): NumberSource {
  return ctx => {
    const value = expression.int(ctx);
    return value === undefined ? undefined : Number(value);
  };
}

export function takeNumber(line: RuleLine): NumberSource | undefined {
  const value = parseInteger(line.next);
  if (value !== undefined) {
    line.take();
    return () => value;
  }
  const expression = line.takeExpression();
  return expression && asNumber(expression);
}

function compileSocketOption(option: 'tos' | 'mark', side: ConnectionSide): ActionDefinition['compile'] {
  return (line): Action | undefined => {
    if (line.left === 0) return line.error('expects an argument');
    const number = takeNumber(line);
    if (number === undefined) return undefined;
    return ctx => {
      const value = number(ctx);
      if (value === undefined) return CONTINUE;
      if (option === 'tos') ctx.setTos(side, value & 0xff);
      else ctx.setMark(side, value >>> 0);
      return CONTINUE;
    };
  };
}

const REQUEST = [...TCP_REQUEST, 'http-request'] as const;
const TO_CLIENT = EVERYWHERE.filter(ruleset => ruleset !== 'http-after-response');
const TO_SERVER = ['tcp-request content', 'http-request'] as const;

export const CONNECTION_ACTIONS: readonly ActionDefinition[] = [
  { name: 'set-src', rulesets: REQUEST, args: '<expr>', compile: compileSetAddress('source') },
  { name: 'set-src-port', rulesets: REQUEST, args: '<expr>', compile: compileSetPort('source') },
  { name: 'set-dst', rulesets: REQUEST, args: '<expr>', compile: compileSetAddress('destination') },
  { name: 'set-dst-port', rulesets: REQUEST, args: '<expr>', compile: compileSetPort('destination') },
  {
    name: 'set-fc-tos',
    rulesets: TO_CLIENT,
    args: '{ <tos> | <expr> }',
    compile: compileSocketOption('tos', 'client'),
  },
  { name: 'set-tos', rulesets: TO_CLIENT, args: '<tos>', compile: compileSocketOption('tos', 'client') },
  {
    name: 'set-bc-tos',
    rulesets: TO_SERVER,
    args: '{ <tos> | <expr> }',
    compile: compileSocketOption('tos', 'server'),
  },
  {
    name: 'set-fc-mark',
    rulesets: TO_CLIENT,
    args: '{ <mark> | <expr> }',
    compile: compileSocketOption('mark', 'client'),
  },
  { name: 'set-mark', rulesets: TO_CLIENT, args: '<mark>', compile: compileSocketOption('mark', 'client') },
  {
    name: 'set-bc-mark',
    rulesets: TO_SERVER,
    args: '{ <mark> | <expr> }',
    compile: compileSocketOption('mark', 'server'),
  },
];
