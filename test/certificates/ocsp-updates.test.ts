/** OCSP responses fetched from responders: what is asked, what is believed, and when it is asked again. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { X509Certificate } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import {
  responderAsker,
  UPDATE_STATUS,
  type ResponderVerdict,
} from '../../src/certificates/ask-responder.ts';
import { exchangeLine, statusText, updateLine } from '../../src/certificates/ocsp-log.ts';
import { nextAttempt, nextFetch } from '../../src/certificates/ocsp-schedule.ts';
import { ocspId } from '../../src/net/tls/ocsp-id.ts';
import { judgeOcspResponse, readOcspResponse } from '../../src/net/tls/ocsp-response.ts';
import { faultOfSignature } from '../../src/net/tls/ocsp-signature.ts';
import { Authority, type Certificate, type OcspSigner } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { ByteMutator } from '../support/mutated-bytes.ts';
import { requiresOpenssl } from '../support/openssl.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { loadBind, tlsFile } from '../support/tls-material.ts';

const CLIENT = {
  resolves: true,
  prefers: 4,
  retries: 2,
  connectTimeoutMs: 5_000,
  verifies: false,
  authorities: () => [],
} as const;
const SETTINGS = { leastDelayMs: 300_000, mostDelayMs: 3_600_000, proxy: undefined };

interface Asked {
  readonly path?: string;
  readonly proxy?: { readonly host: string; readonly port: number };
  /** Of the responder: what it does instead of answering by `authority`. */
  readonly answer?: (response: ServerResponse, request: IncomingMessage) => void;
  readonly signer?: OcspSigner;
  readonly type?: string;
}

/** Asks a responder that lives as long as this; gives its requests too. */
async function ask(
  t: TestContext,
  authority: Authority,
  certificate: Certificate,
  { path = '', proxy, answer, signer, type = 'application/ocsp-response' }: Asked = {},
): Promise<{ readonly verdict: ResponderVerdict; readonly requests: readonly string[] }> {
  const requests: string[] = [];
  const responder = await startHttpOrigin(t, 'responder', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (answer !== undefined) return answer(response, request);
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const last = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const asked = request.method === 'POST' ? Buffer.concat(body) : Buffer.from(last, 'base64');
      response.setHeader('Content-Type', type).end(authority.respond(asked, signer));
    });
  });
  const host = proxy === undefined ? responder.address : 'responder.invalid:81';
  const settings = { ...SETTINGS, proxy: proxy && { ...proxy, port: responder.port } };
  const id = ocspId({ certPem: certificate.cert, chainPem: authority.pem });
  assert.ok(id !== undefined);
  const issuer = new X509Certificate(authority.pem);
  const verdict = await responderAsker(settings, CLIENT)({ responder: `http://${host}${path}`, id, issuer });
  return { verdict, requests };
}

const told = ({ status, reason }: ResponderVerdict): string => statusText(status, reason);

test('short requests are asked by GET, long ones by POST, and through a proxy with the whole URL', async t => {
  if (!requiresOpenssl(t)) return;
  const authority = new Authority(t);
  const certificate = authority.issue({ name: 'a.example' });
  const short = await ask(t, authority, certificate);
  assert.equal(told(short.verdict), 'Update successful');
  assert.match(short.requests.join(), /^GET \/MF[A-Za-z0-9%]+$/);
  const path = `/${'long/'.repeat(50)}`;
  const long = await ask(t, authority, certificate, { path });
  assert.equal(told(long.verdict), 'Update successful');
  assert.deepEqual(long.requests, [`POST ${path}`]);
  const proxied = await ask(t, authority, certificate, { proxy: { host: '127.0.0.1', port: 0 } });
  assert.equal(told(proxied.verdict), 'Update successful');
  assert.match(proxied.requests.join(), /^GET http:\/\/responder\.invalid:81\/MF/);
});

test('a response counts that the issuer has signed, or who has its certificate for that', async t => {
  if (!requiresOpenssl(t)) return;
  const authority = new Authority(t);
  const certificate = authority.issue({ name: 'a.example' });
  const by = async (signer: OcspSigner): Promise<string> =>
    told((await ask(t, authority, certificate, { signer })).verdict);
  const extensions = 'extendedKeyUsage=OCSPSigning';
  assert.equal(await by(authority.issue({ name: 'signer', extensions })), 'Update successful');
  const refused = (why: string): string => `OCSP response check failure (${why})`;
  assert.equal(await by(authority.issue({ name: 'signer' })), refused('signer certificate is not for OCSP'));
  assert.equal(
    await by(authority.issue({ name: 'signer', extensions, expired: true })),
    refused('signer certificate is not valid now'),
  );
  assert.equal(
    await by(new Authority(t, 'Another').issue({ name: 'signer', extensions })),
    refused('signer certificate is not of the issuer'),
  );
});

test('what is wrong with an answer has the number that the manual gives it', async t => {
  if (!requiresOpenssl(t)) return;
  const authority = new Authority(t);
  const certificate = authority.issue({ name: 'a.example' });
  const other = authority.issue({ name: 'b.example' });
  const otherId = ocspId({ certPem: other.cert, chainPem: authority.pem }) as Buffer;
  const status = async (asked: Asked): Promise<number> =>
    (await ask(t, authority, certificate, asked)).verdict.status;
  assert.equal(await status({ type: 'text/html' }), UPDATE_STATUS.NO_RESPONSE);
  const body = (content: string | Buffer) => (response: ServerResponse) =>
    void response.setHeader('Content-Type', 'application/ocsp-response').end(content);
  assert.equal(await status({ answer: body('nothing in DER') }), UPDATE_STATUS.REFUSED);
  assert.equal(await status({ answer: body(Buffer.from('30030a0106', 'hex')) }), UPDATE_STATUS.REFUSED);
  const { verdict } = await ask(t, authority, other);
  assert.equal(await status({ answer: body(verdict.response as Buffer) }), UPDATE_STATUS.NOT_INSERTED);
  assert.equal(
    otherId.equals(ocspId({ certPem: certificate.cert, chainPem: authority.pem }) as Buffer),
    false,
  );
  assert.equal(await status({ answer: body('x'.repeat(100_000)) }), UPDATE_STATUS.HTTP_ERROR);
  assert.equal(
    await status({ answer: response => void response.writeHead(404).end() }),
    UPDATE_STATUS.HTTP_ERROR,
  );
});

test('a mangled response is taken for what it is, or refused, and nothing is thrown', async t => {
  if (!requiresOpenssl(t)) return;
  const authority = new Authority(t);
  const signer = authority.issue({ name: 'signer', extensions: 'extendedKeyUsage=OCSPSigning' });
  const { verdict } = await ask(t, authority, authority.issue({ name: 'a.example' }), { signer });
  const issuer = new X509Certificate(authority.pem);
  const mutator = new ByteMutator(20_267);
  const outcomes = new Set<string | undefined>();
  for (let count = 0; count < 500; count++) {
    const bytes = mutator.mutate(verdict.response as Buffer);
    const response = readOcspResponse(bytes);
    judgeOcspResponse(bytes, undefined, Date.now());
    const isIntact = bytes.equals(verdict.response as Buffer);
    const fault = response?.status === 0 ? faultOfSignature(response, issuer, Date.now()) : 'unreadable';
    if (isIntact) assert.equal(fault, undefined);
    outcomes.add(fault);
  }
  assert.ok(outcomes.size >= 3, [...outcomes].join());
});

test('a responder that cannot be reached is tried again, and its exchange is logged', async () => {
  const id = Buffer.from('3000', 'hex');
  const issuer = new X509Certificate(
    loadBind(`crt ${tlsFile('rsa.pem')}`).store.certificates.get(tlsFile('rsa.pem'))?.loaded?.chainPem ?? '',
  );
  const responder = `http://127.0.0.1:${await freePort()}`;
  const verdict = await responderAsker(SETTINGS, CLIENT)({ responder, id, issuer });
  assert.equal(told(verdict), 'HTTP error');
  assert.ok(verdict.exchange !== undefined);
  assert.match(
    exchangeLine(verdict.exchange) ?? '',
    /^-:- \[\S+\] <OCSP-UPDATE> -\/- 0\/0\/-1\/-1\/\d+ 503 0 - - SC-- 0\/0\/0\/0\/2 0\/0 \{\} "GET http:\/\/127\.0\.0\.1:\d+\/MA\S+ HTTP\/1\.1"$/,
  );
  const facts = { name: 'a.pem', ...verdict, failures: 1, successes: 0 };
  assert.equal(updateLine(facts), '<OCSP-UPDATE> a.pem 2 "HTTP error" 1 0');
  const odd = await responderAsker(SETTINGS, CLIENT)({ responder: 'ldap://127.0.0.1/', id, issuer });
  assert.equal(told(odd), 'HTTP error');
});

test('a response is fetched again before it ends, within the delays; after failures later each time', () => {
  const [least, most] = [SETTINGS.leastDelayMs, SETTINGS.mostDelayMs];
  assert.equal(nextFetch(10 * most, 0, SETTINGS), most);
  assert.equal(nextFetch(1_000_000, 0, SETTINGS), 940_000);
  assert.equal(nextFetch(1, 0, SETTINGS), least);
  assert.deepEqual(
    [1, 2, 3, 4, 7, 2000].map(failures => nextAttempt(failures, 0, SETTINGS) / 1000),
    [60, 120, 240, 480, 3600, 3600],
  );
});

test('what is said of updates and cannot be is told when the configuration is loaded', () => {
  const delays = 'global\n  ocsp-update.mindelay 10\n  ocsp-update.maxdelay 5';
  assert.deepEqual(loadBind(`crt ${tlsFile('rsa.pem')}`, delays).said, [
    `alert: 'ocsp-update.mindelay' (10) has to be lower than 'ocsp-update.maxdelay' (5).`,
  ]);
  const on = 'global\n  ocsp-update.mode on';
  assert.deepEqual(loadBind(`crt ${tlsFile('rsa.pem')}`, on).said, []);
  const file = tlsFile('ecdsa.pem');
  const unknown = `warning: 'ocsp-update on' of certificate '${file}' has no effect: its issuer is not known, name it with 'issuer'.`;
  assert.deepEqual(loadBind(`crt ${file}`, on).said, [unknown]);
  assert.deepEqual(loadBind(`crt ${file}`, `${on}\n  ocsp-update.disable on`).said, []);
});
