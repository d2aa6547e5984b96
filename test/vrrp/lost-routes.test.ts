/** Which lines of `ip monitor` are about routes and rules that have to come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeepalivedConfig } from '../../src/model/keepalived.ts';
import { LostRoutes } from '../../src/vrrp/lost-routes.ts';
import { configOf, FakeClock } from '../support/fake-vrrp.ts';

const RULES = (more: string): string => `vrrp_instance V {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress { 10.0.0.100 }
  virtual_rules { from 10.41.0.0/16 table 99 ${more} }
}`;

class Watched {
  readonly clock = new FakeClock();
  readonly lost: LostRoutes;
  #says: ((line: string) => void) | undefined;
  losses = 0;

  constructor() {
    this.lost = new LostRoutes({
      clock: this.clock,
      watch: onLine => {
        this.#says = onLine;
        return { stop: () => (this.#says = undefined) };
      },
      onLost: () => this.losses++,
    });
  }

  get isWatching(): boolean {
    return this.#says !== undefined;
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) this.#says?.(line);
  }

  async after(...lines: readonly string[]): Promise<number> {
    const before = this.losses;
    this.say(...lines);
    await this.clock.pass(1000);
    return this.losses - before;
  }
}

const config = (more = ''): KeepalivedConfig => configOf(RULES(more));

test('deletions by our protocol count, by its name or its number, and many at once count once', async () => {
  const watched = new Watched();
  watched.lost.arrange(config());
  const ours = 'Deleted 16384:\tfrom 10.41.0.0/16 lookup 99 proto keepalived';
  assert.equal(await watched.after(ours), 1);
  assert.equal(await watched.after(ours, ours, ours), 1);
  assert.equal(await watched.after('Deleted 10.40.0.0/16 via 10.9.0.9 dev eth0 proto 18 '), 1);
  assert.equal(await watched.after('10.40.0.0/16 via 10.9.0.9 dev eth0 proto 18 '), 0);
  assert.equal(await watched.after('Deleted 10.40.0.0/16 via 10.9.0.9 dev eth0 proto bird '), 0);
  assert.equal(await watched.after('Deleted broadcast 10.9.0.255 dev eth0 table local'), 0);
});

test('an entry with a protocol of its own is known by that', async () => {
  const watched = new Watched();
  watched.lost.arrange(config('protocol 77'));
  assert.equal(await watched.after('Deleted 16384:\tfrom 10.41.0.0/16 lookup 99 proto 77'), 1);
  assert.equal(await watched.after('Deleted 16384:\tfrom 10.41.0.0/16 lookup 99 proto keepalived'), 0);
});

test('nothing is watched where everything says no_track, nor behind the end', async () => {
  const watched = new Watched();
  watched.lost.arrange(config('no_track'));
  assert.ok(!watched.isWatching);
  watched.lost.arrange(config());
  assert.ok(watched.isWatching);
  watched.say('Deleted 16384:\tfrom 10.41.0.0/16 lookup 99 proto keepalived');
  watched.lost.stop();
  assert.equal(await watched.after(), 0);
  watched.lost.arrange(config());
  watched.lost.arrange(config('no_track'));
  assert.ok(!watched.isWatching);
});
