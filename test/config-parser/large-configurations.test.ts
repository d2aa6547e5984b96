/** What keeps thousands of backends cheap: objects that are no dictionaries to V8, and parts that many have in common. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Proxy } from '../../src/model/proxy.ts';

const SERVERS = `  server a 127.0.0.1:1 check inter 5s cookie a weight 3 maxconn 10
  server b 127.0.0.1:2 check inter 5s backup source 127.0.0.2 on-marked-down shutdown-sessions
`;
const TEXT = `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  log 127.0.0.1:514 local0
  option httplog
frontend f
  bind 127.0.0.1:80
  log-format "%ci"
  unique-id-format %rt
  default_backend one
backend one
  cookie c insert
${SERVERS}backend two
  cookie c insert
${SERVERS}backend other
  timeout server 6s
  option allbackups
${SERVERS}`;

function proxies(): readonly Proxy[] {
  const { config, diagnostics } = parseConfig([{ path: 'a.cfg', text: TEXT }], {
    environment: {},
    readFile: () => ({ error: 'ENOENT' }),
  });
  assert.ok(config !== undefined, diagnostics.map(({ message }) => message).join('\n'));
  return config.proxies;
}

test('proxies and servers are objects with fast properties', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isFast = runInThisContext('object => %HasFastProperties(object)') as (object: object) => boolean;
  const dictionary = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`name${index}`, index]));
  assert.equal(isFast(dictionary), false);
  for (const proxy of proxies())
    for (const object of [proxy, ...proxy.servers]) assert.ok(isFast(object), `${proxy.name} ${object.name}`);
});

test('backends that say the same have the same parts, and only those', () => {
  const [, one, two, other] = proxies() as [Proxy, Proxy, Proxy, Proxy];
  for (const part of ['timeouts', 'options', 'captures', 'check', 'balance', 'hashType', 'rules'] as const)
    assert.equal(one[part], two[part], part);
  assert.equal(one.servers[1]?.check, two.servers[1]?.check);
  assert.notEqual(one.timeouts, other.timeouts);
  assert.notEqual(one.options, other.options);
  assert.deepEqual(
    [one, other].map(({ timeouts }) => timeouts.server),
    [5000, 6000],
  );
  assert.deepEqual(
    [one, other].map(({ options }) => options.flags.has('allbackups')),
    [false, true],
  );
  assert.deepEqual(
    one.servers.map(({ check }) => check?.enabled),
    [true, true],
  );
});
