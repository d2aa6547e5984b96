/** The phases of the sample language in which each ruleset of a proxy runs. */
import { phaseBit, type Phase } from '../acl/phase.ts';
import type { RulesetName } from '../model/rule.ts';

type Sides = readonly [frontend: Phase | undefined, backend: Phase | undefined];

const REQUEST_HEADERS: Sides = ['frontend http-request header rule', 'backend http-request header rule'];
const RESPONSE_HEADERS: Sides = ['frontend http-response header rule', 'backend http-response header rule'];

const PHASES_OF: Readonly<Record<RulesetName, Sides>> = {
  'tcp-request connection': ['frontend tcp-request connection rule', undefined],
  'tcp-request session': ['frontend tcp-request session rule', undefined],
  'tcp-request content': ['frontend tcp-request content rule', 'backend tcp-request content rule'],
  'tcp-response content': ['frontend tcp-response content rule', 'backend tcp-response content rule'],
  'http-request': REQUEST_HEADERS,
  'http-response': RESPONSE_HEADERS,
  'http-after-response': RESPONSE_HEADERS,
};

/** Bits: a `listen` section is a frontend and a backend. */
export function phasesOfRuleset(name: RulesetName, kind: 'frontend' | 'backend' | 'listen'): number {
  const [frontend, backend] = PHASES_OF[name];
  let bits = 0;
  if (frontend !== undefined && kind !== 'backend') bits |= phaseBit(frontend);
  if (backend !== undefined && kind !== 'frontend') bits |= phaseBit(backend);
  return bits;
}
