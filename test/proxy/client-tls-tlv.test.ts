/** What `proxy-v2-options` tells of a client's TLS connection, as a receiver reads it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { buildProxyV2 } from '../../src/net/proxy-protocol/build.ts';
import { parseProxyHeader } from '../../src/net/proxy-protocol/parse.ts';
import { Certificate } from '../../src/net/tls/certificate.ts';
import type { TlsFacts } from '../../src/net/tls/tls-facts.ts';
import { clientTlsTlv } from '../../src/proxy/server/client-tls-tlv.ts';
import { Authority } from '../support/certificates.ts';
import { requires } from '../support/requirement.ts';
import { NO_TLS } from '../support/tls-facts.ts';

interface Seen {
  readonly client: number;
  readonly verify: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** The SSL field of the header, taken apart (section 2.2.6 of the protocol). */
function received(options: readonly string[], tls: TlsFacts | undefined): Seen | undefined {
  const field = clientTlsTlv(options, tls);
  if (field === undefined) return undefined;
  const end = { family: 4 as const, host: '127.0.0.1', port: 1 };
  const bytes = buildProxyV2({ source: end, destination: end, tls: field });
  const parsed = parseProxyHeader(bytes, 0, bytes.length);
  assert.equal(parsed.kind, 'header');
  const value = parsed.header.tlvs.find(({ type }) => type === 0x20)?.value;
  assert.ok(value);
  const fields: Record<string, string> = {};
  for (let at = 5; at < value.length; at += 3 + value.readUInt16BE(at + 1))
    fields[(value[at] ?? 0).toString(16)] = value.toString(
      'latin1',
      at + 3,
      at + 3 + value.readUInt16BE(at + 1),
    );
  return { client: value[0] ?? -1, verify: value.readUInt32BE(1), fields };
}

const ALL = ['ssl', 'cert-cn', 'ssl-cipher', 'cert-sig', 'cert-key'];

test('without options about TLS nothing is told, and of a plain connection that it is plain', () => {
  assert.equal(received(['crc32c', 'unique-id'], NO_TLS), undefined);
  assert.deepEqual(received(ALL, undefined), { client: 0, verify: 0, fields: {} });
});

test('version, cipher and certificates are told as far as they are asked for', t => {
  if (!requires(t, 'openssl')) return;
  const authority = new Authority(t);
  const factsOf = (pem: string): Certificate => new Certificate(new X509Certificate(pem).raw);
  const facts: TlsFacts = {
    ...NO_TLS,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    ownCertificate: factsOf(authority.issue({ name: 'site' }).cert),
    peerCertificate: factsOf(authority.issue({ name: 'the client' }).cert),
    presentedCertificate: true,
    verifyResult: 10,
  };
  assert.deepEqual(received(ALL, facts), {
    client: 7,
    verify: 10,
    fields: {
      '21': 'TLSv1.3',
      '22': 'the client',
      '23': 'TLS_AES_128_GCM_SHA256',
      '24': 'ecdsa-with-SHA256',
      '25': 'EC256',
    },
  });
  const resumed = { ...facts, presentedCertificate: false };
  assert.deepEqual(received(['ssl'], resumed), { client: 5, verify: 10, fields: { '21': 'TLSv1.3' } });
  const anonymous = { ...facts, peerCertificate: undefined };
  assert.deepEqual(received(['cert-cn'], anonymous), { client: 1, verify: 0, fields: { '21': 'TLSv1.3' } });
});
