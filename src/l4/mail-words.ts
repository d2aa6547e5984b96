/** What mail says of a check, in keepalived's words: each kind has its own. Called by pool-keeper.ts. */
import type { Checker } from '../model/virtual-server.ts';

/** `reason`: why it has failed; undefined: it is good again. */
export function mailWords({ kind, bfd = '' }: Checker, reason?: string): string {
  const isGood = reason === undefined;
  const verb = isGood ? 'succeed' : 'failed';
  switch (kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return `CHECK ${verb} on service${isGood ? '' : ' : HTTP/SSL request failed'}`;
    case 'SMTP_CHECK':
      return `CHECK ${verb} on service${isGood ? '' : ` : ${reason}`}`;
    case 'MISC_CHECK':
      return `MISC CHECK ${isGood ? 'succeeded' : reason === 'timeout' ? 'timed out' : 'failed'} on service`;
    case 'BFD_CHECK':
      return `BFD CHECK ${bfd} ${isGood ? 'succeeded' : 'failed'} on service`;
    case 'PING_CHECK':
      return `ICMP CHECK ${verb} on service`;
    case 'DNS_CHECK':
      return `DNS_CHECK: ${verb} on service`;
    case 'TCP_CHECK':
    case 'UDP_CHECK':
    case 'FILE_CHECK':
      return `${kind.replace('_', ' ')} ${verb} on service`;
  }
}
