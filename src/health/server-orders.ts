/**
 * Orders about weight and maxconn as agents and the admin socket write them (manual of management, `set server ...
 * weight`, section 5.2 `agent-check`). Each answers what is wrong, or nothing.
 */
import type { LifeServer } from './life-server.ts';
import type { ServerLife } from './server-life.ts';

const MOST_WEIGHT = 256;
const MOST_PERCENT = 25_600;

/** `75` or `75%` of the weight in the configuration. */
export function orderWeight(life: ServerLife, server: LifeServer, text: string): string | undefined {
  const { servers } = life.effects;
  const initial = servers.initialWeight(server.row);
  const weight = readWeight(text, initial);
  if (typeof weight === 'string') return weight;
  if (weight !== 0 && weight !== initial && !servers.hasDynamicWeights(server.backend))
    return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.";
  life.setWeight(server, weight);
  return undefined;
}

function readWeight(text: string, initial: number): number | string {
  const [, digits, rest] = /^\s*([+-]?\d+)(.*)$/s.exec(text) ?? [];
  if (text === '') return 'Require <weight> or <weight%>.';
  if (digits === undefined) return 'Empty weight string empty or preceded by garbage';
  const number = Number(digits);
  if (rest === '%') {
    if (number < 0) return 'Relative weight must be positive.';
    return Math.min(MOST_WEIGHT, Math.floor((initial * Math.min(number, MOST_PERCENT)) / 100));
  }
  if (number < 0 || number > MOST_WEIGHT) return 'Absolute weight can only be between 0 and 256 inclusive.';
  return rest === '' ? number : 'Trailing garbage in weight string';
}

export function orderMaxconn(life: ServerLife, { row }: LifeServer, text: string): string | undefined {
  const [, digits, rest] = /^\s*([+-]?\d+)(.*)$/s.exec(text) ?? [];
  if (text === '') return 'Require <maxconn>.';
  if (digits === undefined) return 'maxconn string empty or preceded by garbage';
  if (rest !== '') return 'Trailing garbage in maxconn string';
  life.effects.servers.setMaxconn(row, Math.max(0, Number(digits)));
  life.effects.offer(row);
  return undefined;
}
