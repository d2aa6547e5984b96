/**
 * Why the header in front of a connection could not be read, in HAProxy's numbers and words (manual, sample
 * `fc_err_str`): of the PROXY protocol, and of the NetScaler Client IP header.
 */
import type { HeaderFault } from './header.ts';

export interface HeaderFailure {
  readonly code: number;
  readonly name: string;
  readonly text: string;
}

export interface HeaderFailures {
  /** Nothing had come. */
  readonly closed: HeaderFailure;
  readonly aborted: HeaderFailure;
  readonly timedOut: HeaderFailure;
  readonly truncated: HeaderFailure;
  readonly faults: Readonly<Record<HeaderFault, HeaderFailure>>;
}

function failure(code: number, name: string, text: string): HeaderFailure {
  return { code, name, text };
}

const CIP_TRUNCATED = failure(21, 'CIP_TRUNCATED', 'Truncated NetScaler Client IP header received');

export const PROXY_FAILURES: HeaderFailures = {
  closed: failure(11, 'PRX_EMPTY', 'Connection closed while waiting for PROXY protocol header'),
  aborted: failure(12, 'PRX_ABORT', 'Connection error while waiting for PROXY protocol header'),
  timedOut: failure(13, 'PRX_TIMEOUT', 'Timeout while waiting for PROXY protocol header'),
  truncated: failure(14, 'PRX_TRUNCATED', 'Truncated PROXY protocol header received'),
  faults: {
    'not-a-header': failure(
      15,
      'PRX_NOT_HDR',
      'Received something which does not look like a PROXY protocol header',
    ),
    'bad-header': failure(16, 'PRX_BAD_HDR', 'Received an invalid PROXY protocol header'),
    'bad-protocol': failure(
      17,
      'PRX_BAD_PROTO',
      'Received an unhandled protocol in the PROXY protocol header',
    ),
  },
};

export const NETSCALER_FAILURES: HeaderFailures = {
  closed: failure(18, 'CIP_EMPTY', 'Connection closed while waiting for NetScaler Client IP header'),
  aborted: failure(19, 'CIP_ABORT', 'Connection error while waiting for NetScaler Client IP header'),
  timedOut: failure(20, 'CIP_TIMEOUT', 'Timeout while waiting for a NetScaler Client IP header'),
  truncated: CIP_TRUNCATED,
  faults: {
    'not-a-header': failure(22, 'CIP_BAD_MAGIC', 'Received an invalid NetScaler Client IP magic number'),
    'bad-header': CIP_TRUNCATED,
    'bad-protocol': failure(
      23,
      'CIP_BAD_PROTO',
      'Received an unhandled protocol in the NetScaler Client IP header',
    ),
  },
};
