/** JSON Web Signatures in the flattened form (RFC 7515, section 7.2.2), as all requests to an authority have it. */
export interface SignedMessage {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** `payload`: empty where there is nothing to say but who asks. */
export function flattened(
  header: Readonly<Record<string, unknown>>,
  payload: string,
  sign: (text: string) => Buffer,
): SignedMessage {
  const head = base64url(JSON.stringify(header));
  const body = base64url(payload);
  return { protected: head, payload: body, signature: sign(`${head}.${body}`).toString('base64url') };
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
