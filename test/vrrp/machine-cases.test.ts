/**
 * Recorded cases of the state machine: test/cases/vrrp/*.case. First line: what is shown. `config` lines change the
 * defaults. `@T event ...` feeds an event at T milliseconds, `@timer` lets the time pass to the next deadline; the
 * indented lines below are the effects, and the deadline that follows.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import {
  initialMachine,
  nextDeadline,
  type Effect,
  type MachineConfig,
  type MachineEvent,
  type MachineState,
} from '../../src/vrrp/machine/machine-state.ts';
import { step } from '../../src/vrrp/machine/step.ts';

const FOLDER = 'test/cases/vrrp';

const DEFAULTS: MachineConfig = {
  version: 3,
  priority: 100,
  initialState: 'BACKUP',
  advertIntMs: 1000,
  preempt: true,
  preemptDelayMs: 0,
  downTimerAdverts: 3,
  lowerPrioNoAdvert: false,
  higherPrioSendAdvert: true,
  ownerIgnoreAdverts: false,
  garp: {
    masterRepeat: 5,
    masterDelayMs: 5000,
    masterRefreshMs: 0,
    masterRefreshRepeat: 1,
    lowerPrioRepeat: 5,
    lowerPrioDelayMs: 5000,
  },
  source: ipOf('10.0.0.5'),
  groupIsReady: true,
};

type Settings = Record<string, string>;

function settings(words: readonly string[]): Settings {
  return Object.fromEntries(
    words.filter(word => word.includes('=')).map(word => word.split('=') as [string, string]),
  );
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

function configure(config: MachineConfig, words: readonly string[]): MachineConfig {
  const changes: Record<string, unknown> = {};
  const garp: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(settings(words))) {
    if (key === 'source') changes[key] = ipOf(text);
    else if (key in config.garp) garp[key] = valueOf(text);
    else if (key in config) changes[key] = valueOf(text);
    else throw new Error(`no setting ${key}`);
  }
  return { ...config, ...changes, garp: { ...config.garp, ...garp } };
}

function eventOf(kind: string, words: readonly string[]): MachineEvent {
  const given = settings(words);
  switch (kind) {
    case 'advert':
      return {
        kind,
        advert: {
          priority: Number(given['priority']),
          advertIntMs: Number(given['interval'] ?? 1000),
          source: ipOf(given['source'] ?? '10.0.0.9'),
        },
      };
    case 'priority':
      return { kind, priority: Number(words[0]) };
    case 'wait':
      return { kind, ms: Number(words[0]) };
    case 'start':
      return words.length === 0 ? { kind } : { kind, fault: words.join(' ') };
    case 'fault':
      return { kind, reason: words.join(' ') };
    case 'groupMaster':
    case 'groupBackup':
      return { kind, member: words[0] ?? '' };
    case 'stop':
    case 'timer':
    case 'recovered':
    case 'reload':
    case 'groupAssert':
      return { kind };
    default:
      throw new Error(`no event ${kind}`);
  }
}

function render(effect: Effect): string {
  switch (effect.kind) {
    case 'advertise':
      return `advertise ${effect.priority}`;
    case 'announce':
      return `announce ${effect.repeat} times`;
    case 'transition':
      return `${effect.from} -> ${effect.to} (${effect.reason})`;
    case 'lowerPriorityHeard':
      return `heard inferior ${effect.advert.source.toString()}`;
    case 'priorityChanged':
      return `priority ${effect.from} -> ${effect.to}`;
    case 'take':
    case 'release':
    case 'sameAddressHeard':
      return effect.kind;
  }
}

function round(time: number): string {
  return time === Infinity ? 'never' : String(Math.round(time * 100) / 100);
}

/** The text of a case with the effects that the machine really has. */
function play(text: string): string {
  let config = DEFAULTS;
  let machine: MachineState | undefined;
  let now = 0;
  const out: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('  ')) continue;
    out.push(line);
    const [head = '', ...words] = line.split(' ');
    if (head === 'config') config = configure(config, words);
    if (!head.startsWith('@')) continue;
    machine ??= initialMachine(config);
    const isTimer = head === '@timer';
    now = isTimer ? nextDeadline(machine) : Number(head.slice(1));
    const event = isTimer ? eventOf('timer', []) : eventOf(words[0] ?? '', words.slice(1));
    const result = step(machine, event, config, now);
    machine = result.state;
    if (isTimer) out.push(`  at ${round(now)}`);
    out.push(
      ...result.effects.map(effect => `  ${render(effect)}`),
      `  next ${round(nextDeadline(machine))}`,
    );
  }
  return `${out.join('\n')}\n`;
}

for (const file of readdirSync(FOLDER)
  .filter(name => name.endsWith('.case'))
  .toSorted()) {
  const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
  test(`${file}: ${text.split('\n')[0] ?? ''}`, () => {
    const played = play(text);
    if (process.env['LB_RECORD_CASES'] === '1') writeFileSync(`${FOLDER}/${file}`, played);
    else assert.equal(played, text);
  });
}
