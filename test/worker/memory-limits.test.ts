import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import { twoDigits, withinMemory } from '../../src/worker/process/memory-limits.ts';

const CLIENTS = 'ssl crt cert.pem';
const SERVERS = 'ssl verify none';
const PLENTY = 1_000_000;

function configOf({ global = '', bind = '', server = '' }): Config {
  const text = `global\n  ${global}\nlisten l\n  bind :80 ${bind}\n  server s 127.0.0.1:81 ${server}\n`;
  const { config } = parseConfig([{ path: 'test.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'ENOENT' }),
  });
  assert.ok(config !== undefined);
  return config;
}

const NOTHING = { maxconn: 0, maxSslConn: 0 };

// what HAProxy 3.4 shows as Maxconn and MaxSslConns with the same limits
test('connections are counted with what TLS takes on each side where it is used', () => {
  const limits = (megabytes: number, places: object): unknown =>
    withinMemory(configOf(places), megabytes, NOTHING, PLENTY);
  assert.deepEqual(limits(256, { bind: CLIENTS }), { maxconn: 1900, maxSslConn: 1900 });
  assert.deepEqual(limits(256, { server: SERVERS }), { maxconn: 1900, maxSslConn: 1900 });
  assert.deepEqual(limits(256, { server: 'check check-ssl verify none' }), {
    maxconn: 1900,
    maxSslConn: 1900,
  });
  assert.deepEqual(limits(256, { bind: CLIENTS, server: SERVERS }), { maxconn: 1700, maxSslConn: 3400 });
  assert.deepEqual(limits(100, { bind: CLIENTS }), { maxconn: 750, maxSslConn: 750 });
  assert.deepEqual(limits(100, { bind: CLIENTS, server: SERVERS }), { maxconn: 660, maxSslConn: 1320 });
  assert.deepEqual(limits(256, {}), { maxconn: 7200, maxSslConn: 0 });
});

test('larger buffers, kept sessions and zlib leave less', () => {
  const most = (global: string, bind = ''): number | undefined => {
    const limits = withinMemory(configOf({ global, bind }), 256, NOTHING, PLENTY);
    return typeof limits === 'string' ? undefined : limits.maxconn;
  };
  assert.equal(most('tune.bufsize 65536'), 1900);
  assert.equal(most('maxzlibmem 128'), 3600);
  assert.equal(most('tune.ssl.cachesize 500000', CLIENTS), 1200);
  assert.equal(most('tune.ssl.cachesize 500000'), 7200);
});

test('what is said of one kind leaves the rest to the other', () => {
  const config = configOf({ bind: CLIENTS });
  assert.deepEqual(withinMemory(config, 256, { maxconn: 1000, maxSslConn: 0 }, PLENTY), {
    maxconn: 1000,
    maxSslConn: 1000,
  });
  assert.deepEqual(withinMemory(config, 256, { maxconn: 5000, maxSslConn: 0 }, PLENTY), {
    maxconn: 5000,
    maxSslConn: 820,
  });
  assert.deepEqual(withinMemory(config, 256, { maxconn: 0, maxSslConn: 1000 }, PLENTY), {
    maxconn: 4500,
    maxSslConn: 1000,
  });
  const both = { maxconn: 10, maxSslConn: 20 };
  assert.deepEqual(withinMemory(config, 256, both, PLENTY), both);
});

test('never more than there are open files for', () => {
  const config = configOf({ bind: CLIENTS, server: SERVERS });
  assert.deepEqual(withinMemory(config, 256, NOTHING, 777), { maxconn: 770, maxSslConn: 1540 });
  assert.deepEqual(withinMemory(configOf({}), 256, NOTHING, 777), { maxconn: 770, maxSslConn: 0 });
});

test('limits that contradict each other are told', () => {
  const config = configOf({ bind: CLIENTS });
  const refused = (megabytes: number, maxconn: number, maxSslConn: number): unknown =>
    withinMemory(config, megabytes, { maxconn, maxSslConn }, PLENTY);
  assert.match(
    String(refused(600, 100_000, 0)),
    /maxconn is already too high for a limit of 600 MB .*: 16980 is the most .* 100000/,
  );
  assert.match(
    String(refused(100, 0, 5000)),
    /maxsslconn is already too high for a limit of 100 MB .*: 1038 is the most, but 5000/,
  );
  assert.match(String(refused(1, 0, 0)), /1 MB \(-m\) is too low/);
  assert.match(
    JSON.stringify(withinMemory(configOf({ global: 'maxzlibmem 10' }), 9, NOTHING, PLENTY)),
    /too low/,
  );
});

test('two digits are kept', () => {
  assert.deepEqual(
    [-5, 0, 0.9, 9, 99, 101, 1974, 123_456].map(twoDigits),
    [0, 0, 0, 9, 99, 100, 1900, 120_000],
  );
});
