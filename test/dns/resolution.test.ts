import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIp, type IpAddress } from '../../src/base/ip-address.ts';
import type { Nameserver } from '../../src/dns/nameserver.ts';
import type { Outcome } from '../../src/dns/outcome.ts';
import { Resolution, type ResolutionHost } from '../../src/dns/resolution.ts';
import { DEFAULT_SETTINGS } from '../../src/dns/settings.ts';
import type { QuestionType } from '../../src/dns/record.ts';

const BY = { name: 'ns' } as Nameserver;
const FOUND: Outcome = { kind: 'addresses', addresses: [parseIp('192.0.2.1') as IpAddress] };
const NX: Outcome = { kind: 'nx' };

/** A name in a section of `nameservers` servers, whose time passes when the test says so. */
class Play implements ResolutionHost {
  readonly settings = { ...DEFAULT_SETTINGS, name: 'res', nameservers: [], retries: 3 };
  readonly asked: string[] = [];
  readonly told: string[] = [];
  readonly resolution: Resolution;
  readonly #nameservers: number;
  #heard = false;
  #now = 1000;
  #due = Infinity;

  constructor(nameservers: number, type: QuestionType = 'AAAA') {
    this.#nameservers = nameservers;
    this.resolution = new Resolution(this, 'app.test', type);
    this.resolution.requesters.add({
      resolved: ({ cache }) => this.told.push(cache.addresses.join(' ')),
      failed: ({ status, heldOut }) => this.told.push(`${status}${heldOut ? ' for too long' : ''}`),
    });
  }

  readonly now = (): number => this.#now;

  ask(_resolution: Resolution, { type }: { readonly type: QuestionType }): number {
    this.asked.push(type);
    this.#heard = false;
    return this.#nameservers;
  }
  forget(): void {}
  schedule(_resolution: Resolution, afterMs: number): void {
    this.#due = this.#now + afterMs;
  }

  answer(...outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      this.#heard = true;
      this.resolution.answered(outcome, BY);
    }
  }

  /** An answer that was cut, whose whole is asked for elsewhere. */
  begin(): void {
    this.#heard = true;
  }

  pass(ms: number): void {
    for (const end = this.#now + ms; ;) {
      if (this.#due > end) return void (this.#now = end);
      this.#now = this.#due;
      this.#due = Infinity;
      this.resolution.expired(this.#heard);
    }
  }
}

test('The first good answer counts; a bad one only when all nameservers have given one', () => {
  const play = new Play(3);
  play.resolution.run();
  play.answer(NX, { kind: 'refused' });
  assert.deepEqual(play.told, []);
  play.answer(FOUND, NX);
  assert.deepEqual(play.told, ['192.0.2.1']);
  assert.deepEqual(play.asked, ['AAAA']);
});

test('After errors the other family is asked for at once, then the first again, as often as retries say', () => {
  const play = new Play(1);
  play.resolution.run();
  play.answer(NX, NX);
  assert.deepEqual(play.asked, ['AAAA', 'A']);
  play.pass(1000);
  play.answer(NX, NX);
  play.pass(1000);
  assert.deepEqual(play.asked, ['AAAA', 'A', 'AAAA', 'A', 'AAAA']);
  play.answer(NX);
  assert.deepEqual(play.told, []);
  play.answer(NX);
  assert.deepEqual(play.told, ['nx']);
  assert.equal(play.asked.at(-1), 'A');
});

test('Silence is asked again in the same family, and is a timeout in the end', () => {
  const play = new Play(2, 'A');
  play.resolution.run();
  play.pass(2999);
  assert.deepEqual(play.asked, ['A', 'A', 'A']);
  assert.deepEqual(play.told, []);
  play.pass(1);
  assert.deepEqual(play.told, ['timeout']);
});

test('The other family is asked for when an answer was cut and its whole does not come', () => {
  const play = new Play(1, 'AAAA');
  play.resolution.run();
  play.begin();
  play.pass(1000);
  assert.deepEqual(play.asked, ['AAAA', 'A']);
  play.answer(FOUND);
  assert.deepEqual(play.told, ['192.0.2.1']);
});

test('An error counts against the address only when the last good answer is older than hold says', () => {
  const play = new Play(1, 'SRV');
  play.resolution.run();
  play.answer(FOUND);
  for (let second = 0; second < 40; second++) {
    play.pass(1000);
    play.answer(NX);
  }
  const held = play.told.indexOf('nx for too long');
  assert.ok(held > 0);
  assert.deepEqual(new Set(play.told.slice(1, held)), new Set(['nx']));
  assert.deepEqual(new Set(play.told.slice(held)), new Set(['nx for too long']));
  assert.equal(play.resolution.cache.addresses.length, 0);
});

test('It is asked for again when timeout resolve has passed since the last beginning', () => {
  const play = new Play(1);
  play.resolution.run();
  play.pass(400);
  play.answer(FOUND);
  play.pass(599);
  assert.equal(play.asked.length, 1);
  play.pass(1);
  assert.equal(play.asked.length, 2);
});

test('It can be asked for earlier, but not twice at once', () => {
  const play = new Play(1);
  play.resolution.run();
  play.answer(FOUND);
  play.resolution.run();
  play.resolution.run();
  assert.equal(play.asked.length, 2);
});
