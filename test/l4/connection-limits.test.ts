/** Which servers have too many connections: full at uthreshold, until below lthreshold, or below three quarters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionLimits } from '../../src/l4/counting/connection-limits.ts';
import type { ConnectionLimit, Service } from '../../src/l4/service.ts';

function service(limits: readonly (ConnectionLimit | undefined)[]): Service {
  return {
    id: 'vs0',
    name: 'a',
    family: 4,
    targets: [],
    method: 'NAT',
    scheduler: 'rr',
    hashesPort: false,
    servers: limits.map(limit => ({
      address: '10.0.0.1',
      port: 80,
      ...(limit === undefined ? {} : { limit }),
    })),
  };
}

test('a server is full at its limit, and until it has as few as it should; without a limit never', () => {
  const one = service([{ full: 10, again: 4 }, undefined]);
  const limits = new ConnectionLimits();
  const seen = [9, 10, 4, 3, 9].map(count => {
    limits.take(new Map([[one, [count, 1000]]]));
    return [limits.isFull(one, 0), limits.isFull(one, 1)];
  });
  assert.deepEqual(
    seen.map(([full]) => full),
    [false, true, true, false, false],
  );
  assert.ok(seen.every(([, full]) => full === false));
});

test('of other services after a reload nothing is known yet', () => {
  const limits = new ConnectionLimits();
  const before = service([{ full: 1, again: 1 }]);
  limits.take(new Map([[before, [5]]]));
  assert.equal(limits.isFull(service([{ full: 1, again: 1 }]), 0), false);
});
