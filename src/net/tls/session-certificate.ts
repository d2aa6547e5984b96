/**
 * The peer's certificate within a session that was kept: one that is resumed presents none, and Node does not tell a client
 * of the one that OpenSSL has kept.
 *
 *   SSL_SESSION  30 { 02 version · 02 protocol · 04 cipher · 04 id · 04 secret · a1 time · a2 timeout · a3 { certificate } · … }
 *                (OpenSSL's i2d_SSL_SESSION)
 */
import { X509Certificate } from 'node:crypto';
import { derAt, derInside, derWithin } from './der.ts';

/** Constructed, context specific. */
const PEER = 0xa3;

/** `session`: as Node gives it (`session` event). Undefined: it has none, or is no session. */
export function sessionCertificate(session: Buffer): X509Certificate | undefined {
  const whole = derAt(session, 0, session.length);
  if (whole === undefined) return undefined;
  for (const part of derWithin(session, whole)) {
    const certificate = part.tag === PEER ? derInside(session, part) : undefined;
    if (certificate !== undefined) return parsed(session.subarray(certificate.at, certificate.end));
  }
  return undefined;
}

function parsed(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
