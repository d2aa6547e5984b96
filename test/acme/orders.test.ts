/** Orders at an authority that is late, busy or broken: what is tried again, what is given up, and that nothing else breaks. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openAccountKey } from '../../src/acme/account-key.ts';
import type { AccountParts } from '../../src/acme/authority.ts';
import { AcmeFailure } from '../../src/acme/failure.ts';
import { Order } from '../../src/acme/order.ts';
import { Renewals, type ManagedCertificate } from '../../src/acme/renewals.ts';
import type { AcmeSection } from '../../src/model/acme.ts';
import type { ClientAnswer } from '../../src/net/http-client.ts';
import { selfSignedCertificate } from '../../src/net/tls/certificate-writer.ts';
import { keyPem, newKeyNow } from '../../src/net/tls/new-key.ts';
import { testHost, type TestHost } from '../support/acme-host.ts';
import { randomSource } from '../support/random-source.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const URL_BASE = 'http://ca.example';
const KEY = { type: 'ec', curve: 'prime256v1' } as const;

function accountOf(t: TestContext): AccountParts {
  const section: AcmeSection = {
    name: 'LE',
    position: { file: '', line: 0, column: 0 },
    directory: `${URL_BASE}/directory`,
    accountKey: `${temporaryFolder(t)}/key`,
    contact: undefined,
    challenge: 'http-01',
    ready: new Set(),
    dnsDelayMs: 0,
    dnsTimeoutMs: 0,
    key: KEY,
    reuseKey: false,
    map: 'virt@acme',
    profile: undefined,
    providerName: undefined,
    variables: undefined,
    externalAccount: undefined,
  };
  const opened = openAccountKey(section);
  assert.ok(!('error' in opened));
  return { section, key: opened.key, external: undefined };
}

const SUBJECT = { certificate: 'a.pem', names: { domains: ['a.example'], ips: [] }, keyPem: '' };

function answer(value: unknown, headers: readonly string[] = [], status = 200): Partial<ClientAnswer> {
  return { status, headers: ['Replay-Nonce', 'n', ...headers], body: Buffer.from(JSON.stringify(value)) };
}

/** An authority that issues at once whatever it is asked for. */
const GOOD: Readonly<Record<string, Partial<ClientAnswer>>> = {
  '/directory': answer(
    Object.fromEntries(['newNonce', 'newAccount', 'newOrder'].map(name => [name, `${URL_BASE}/${name}`])),
  ),
  '/newNonce': answer(''),
  '/newAccount': answer({ status: 'valid' }, ['Location', `${URL_BASE}/account`]),
  '/newOrder': answer({ authorizations: [`${URL_BASE}/authz`] }, ['Location', `${URL_BASE}/order`], 201),
  '/authz': answer({
    status: 'pending',
    identifier: { type: 'dns', value: 'a.example' },
    challenges: [{ type: 'http-01', token: 'token', url: `${URL_BASE}/challenge` }],
  }),
  '/challenge': answer({}),
  '/order': answer({ status: 'valid', finalize: `${URL_BASE}/finalize`, certificate: `${URL_BASE}/cert` }),
  '/cert': { status: 200, headers: [], body: Buffer.from('-----BEGIN CERTIFICATE-----\n') },
};
const VALIDATED = answer({ status: 'valid', identifier: { type: 'dns', value: 'a.example' } });

function goodUntil(path: string, changed: Partial<ClientAnswer> | undefined): TestHost {
  const host = testHost(({ url: { pathname } }) => {
    if (pathname === path) return changed;
    return pathname === '/authz' && host.asked.includes('POST /challenge') ? VALIDATED : GOOD[pathname];
  });
  return host;
}

async function failureAt(
  t: TestContext,
  path: string,
  changed: Partial<ClientAnswer> | undefined,
): Promise<{ readonly failure: AcmeFailure; readonly host: TestHost }> {
  const host = goodUntil(path, changed);
  const failure = await new Order(accountOf(t), SUBJECT, host).run().catch((error: unknown) => error);
  assert.ok(failure instanceof AcmeFailure, String(failure));
  assert.equal(host.tokens.size, 0, 'tokens are taken out');
  return { failure, host };
}

test('an order goes from the directory to the certificate, tokens are taken out again', async t => {
  const host = goodUntil('', undefined);
  const { pem } = await new Order(accountOf(t), SUBJECT, host).run();
  assert.match(pem, /CERTIFICATE/);
  assert.deepEqual(host.asked.slice(0, 3), ['GET /directory', 'POST /newAccount', 'POST /newOrder']);
  assert.equal(host.tokens.size, 0);
});

test('what may pass is tried again, longer and longer, and given up with its reason', async t => {
  const silent = await failureAt(t, '/directory', undefined);
  assert.equal(silent.failure.message, `no answer of ${URL_BASE}/directory : ECONNREFUSED`);
  assert.deepEqual(silent.host.pauses, [1000, 2000, 4000, 8000, 16_000]);
  const broken = await failureAt(t, '/newOrder', answer({}, [], 502));
  assert.equal(broken.failure.message, `${URL_BASE}/newOrder answers HTTP status 502`);
  const later = await failureAt(t, '/newOrder', answer({}, ['Retry-After', '7200'], 503));
  assert.equal(later.failure.retryAfterMs, 7_200_000);
  assert.deepEqual(later.host.pauses, []);
  const stale = answer({ type: 'urn:ietf:params:acme:error:badNonce', detail: 'old' }, [], 400);
  const nonces = await failureAt(t, '/newOrder', stale);
  assert.deepEqual(nonces.host.pauses, [0, 0, 0, 0, 0]);
  const refused = answer(
    { type: 'urn:ietf:params:acme:error:rejectedIdentifier', detail: 'no\nway' },
    [],
    400,
  );
  const final = await failureAt(t, '/newOrder', refused);
  assert.equal(final.failure.message, `${URL_BASE}/newOrder answers rejectedIdentifier: no way`);
  assert.deepEqual(final.host.pauses, []);
});

test('an authority that never decides, or offers nothing that fits, is given up', async t => {
  const slow = await failureAt(t, '/order', answer({ status: 'processing' }, ['Retry-After', '3600']));
  assert.match(slow.failure.message, /order is still processing after 600 s/);
  const other = { status: 'pending', identifier: { value: 'a.example' }, challenges: [{ type: 'x\x1b-1' }] };
  const none = await failureAt(t, '/authz', answer(other));
  assert.equal(none.failure.message, 'the authority offers no http-01 for a.example, but: x -1');
  const odd = {
    ...other,
    challenges: [{ type: 'http-01', token: '../x', url: `${URL_BASE}/challenge` }],
  };
  const bad = await failureAt(t, '/authz', answer(odd));
  assert.match(bad.failure.message, /has a token that is not base64url/);
});

test('whatever an authority answers, an order ends, and with a failure of its own kind', async t => {
  const account = accountOf(t);
  const random = randomSource(20_261_122);
  const pieces: readonly unknown[] = [
    null,
    [],
    {},
    7,
    'x',
    '\u0000\ud800',
    { status: 'valid' },
    { status: 'pending', identifier: 3, challenges: [null, 4, { type: [] }] },
    { status: 'invalid', error: 'x', challenges: {} },
    { authorizations: ['x:y', `${URL_BASE}/authz`], status: 'pending' },
    { finalize: '', certificate: 'http://[', status: 'ready' },
    { type: {}, detail: [], subproblems: [{ identifier: [] }] },
  ];
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  for (let round = 0; round < 300; round++) {
    const host = testHost(({ url: { pathname } }) => {
      if (random(3) > 0) return GOOD[pathname] ?? answer({});
      if (random(8) === 0) return undefined;
      const body = random(4) === 0 ? Buffer.from('{"status') : Buffer.from(JSON.stringify(pick(pieces)));
      const headers = [
        'Location',
        pick(['', 'x', `${URL_BASE}/order`]),
        'Retry-After',
        pick(['-1', 'x', '0', '99999999']),
      ];
      return { status: pick([200, 201, 204, 301, 400, 404, 429, 500]), headers, body };
    });
    const over = await new Order(account, SUBJECT, host).run().catch((error: unknown) => error);
    if (over instanceof Error) assert.ok(over instanceof AcmeFailure, over.stack);
    assert.ok(host.asked.length < 5000);
  }
});

const DAY_MS = 86_400_000;

test('a certificate is ordered in the last twelfth of its life; failures put the next order off', async t => {
  const nowMs = Date.now();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: nowMs });
  const account = accountOf(t);
  const key = newKeyNow(KEY);
  const dates = { fromMs: nowMs - 6 * DAY_MS, untilMs: nowMs + 6 * DAY_MS };
  const certPem = selfSignedCertificate(SUBJECT.names, key, dates);
  const managed: ManagedCertificate = { ...SUBJECT, section: 'LE', certPem, keyPem: keyPem(key) };
  const host = testHost(() => answer({}, ['Retry-After', '1000'], 503));
  const renewals = new Renewals({
    accounts: new Map([['LE', account]]),
    certificates: () => [managed],
    install: async () => Promise.resolve(undefined),
    isAutomatic: true,
    host,
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  const starts = (): number => host.lines.filter(line => line.includes('Starting update')).length;
  const passes = async (ms: number): Promise<void> => {
    // no timer waits longer than half a day
    for (let left = ms; left > 0; left -= DAY_MS / 2) t.mock.timers.tick(Math.min(left, DAY_MS / 2));
    await settled();
  };
  renewals.begin();
  const [status] = renewals.status();
  assert.equal(status?.state, 'Scheduled');
  assert.ok(Math.abs((status?.scheduledMs ?? 0) - (nowMs + 5 * DAY_MS)) < 2000);
  await passes(5 * DAY_MS - 3000);
  assert.equal(starts(), 0);
  await passes(6000);
  assert.equal(starts(), 1);
  assert.match(host.lines.at(-1) ?? '', /^error acme: a\.pem: The update failed: .* Next try in 1000 s\.$/);
  await passes(990_000);
  assert.equal(starts(), 1);
  await passes(20_000);
  assert.equal(starts(), 2);
  assert.equal(renewals.renew('b.pem'), `No ACME configuration found for certificate 'b.pem'.`);
  assert.equal(renewals.renew('a.pem'), undefined);
  assert.equal(renewals.renew('a.pem'), `The certificate 'a.pem' is being renewed already.`);
  renewals.close();
});
