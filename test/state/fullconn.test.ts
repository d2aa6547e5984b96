import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullconns } from '../../src/state/fullconn.ts';
import { configOf } from '../support/state.ts';

const CONFIG = `frontend a
 bind :80
 maxconn 1000
 use_backend one if TRUE
 default_backend two
frontend b
 bind :81
 default_backend two
backend one
backend two
backend three
 fullconn 7
listen four
 bind :82
 maxconn 55`;

test('a backend is full at a tenth of what its frontends may have together', () => {
  const config = configOf(CONFIG);
  const of = (name: string): number => {
    const backend = config.proxies.find(proxy => proxy.name === name);
    assert.ok(backend !== undefined);
    return fullconns(config, 2000)[config.proxies.indexOf(backend)] as number;
  };
  assert.deepEqual(['one', 'two', 'three', 'four'].map(of), [100, 300, 7, 6]);
});
