/**
 * The places of a connection's life where samples are used (manual, section 7.3), and the sources they come
 * from: a fetch is legal in a phase when one of its sources exists there. Rulesets name their phase when they compile.
 */

/** In the order of their bits, worded as errors word them. */
export const PHASES = [
  'frontend tcp-request connection rule',
  'frontend tcp-request session rule',
  'frontend tcp-request content rule',
  'frontend http-request header rule',
  'frontend http-request body rule',
  'frontend use-backend rule',
  'backend tcp-request content rule',
  'backend http-request header rule',
  'backend http-request body rule',
  'backend use-server, balance or stick-match rule',
  'server source selection',
  'backend tcp-response content rule',
  'backend http-response header rule',
  'backend http-response body rule',
  'backend stick-store rule',
  'frontend tcp-response content rule',
  'frontend http-response header rule',
  'frontend http-response body rule',
  'logs',
  'backend tcp-check rule',
  'configuration parser',
  'CLI parser',
] as const;

export type Phase = (typeof PHASES)[number];

export function phaseBit(phase: Phase): number {
  return 1 << PHASES.indexOf(phase);
}

/** Bits of several phases: a rule of a `listen` section runs in a frontend's and a backend's. */
export function phaseBits(phases: readonly Phase[]): number {
  return phases.reduce((bits, phase) => bits | phaseBit(phase), 0);
}

const SESSION_PHASE = phaseBit('frontend tcp-request session rule');

/** What is legal in these phases takes its value from what a client says. */
export function readsRequest(phases: number): boolean {
  return (phases & SESSION_PHASE) === 0;
}

/** First phase, in the life of a connection, of a set of bits. */
export function firstPhase(bits: number): Phase | undefined {
  return PHASES.find((_, index) => (bits & (1 << index)) !== 0);
}

/** Ambiguous words (`hdr`, `payload`, `cookie`) read the response in these. */
const RESPONSE_PHASES = bitsOf('...........YYYYYYYY...');

export function isResponsePhase(phases: number): boolean {
  return (phases & RESPONSE_PHASES) !== 0 && (phases & ~RESPONSE_PHASES) === 0;
}

/** One flag a phase, in the order above. */
const SOURCE_PHASES = {
  constant: 'YYYYYYYYYYYYYYYYYYYYYY',
  'internal state': 'YYYYYYYYYYYYYYYYYYYY.Y',
  listener: 'YYYYYYYYYYYYYYYYYYY...',
  frontend: 'YYYYYYYYYYYYYYYYYYY...',
  'client address': 'YYYYYYYYYYYYYYYYYYYY..',
  'client-side connection': '.YYYYYYYYYYYYYYYYYY...',
  'track counters': 'YYYYYYYYYYYYYYYYYYY...',
  'request buffer': '..YYYYYYYYY...........',
  'HTTP request headers': '..YYYYYYYYY...........',
  'HTTP request': '..YYYYYYYYYYYYYYYYY...',
  'HTTP request body': '....YYYYYYY...........',
  backend: '......YYYYYYYYYYYYYY..',
  server: '..........YYYYYYYYYY..',
  'server address': '...........YYYYYYYYY..',
  'server-side connection': '...........YYYYYYYYY..',
  'response buffer': '...........YYYYYYY.Y..',
  'HTTP response headers': '...........YYYYYYY.Y..',
  'HTTP response': '...........YYYYYYYYY..',
  'HTTP response body': '.............YYYYY.Y..',
  'request buffer statistics': '..YYYYYYYYYYYYYYYYY...',
  'response buffer statistics': '.........YYYYYYYYYY...',
  'transaction statistics': '..YYYYYYYYYYYYYYYYY...',
  'session statistics': 'YYYYYYYYYYYYYYYYYYY...',
} as const;

/** Where a fetch takes its value from. */
export type Source = keyof typeof SOURCE_PHASES;

function bitsOf(flags: string): number {
  let bits = 0;
  for (let index = 0; index < flags.length; index++) if (flags[index] === 'Y') bits |= 1 << index;
  return bits;
}

/** Phases, as bits, in which any of these sources exists. */
export function phasesOf(sources: readonly Source[]): number {
  return sources.reduce((bits, source) => bits | bitsOf(SOURCE_PHASES[source]), 0);
}
