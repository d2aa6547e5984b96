/** What a nameserver's message means for the question that was asked (manual, section 5.3.2, `hold`). */
import type { IpAddress } from '../base/ip-address.ts';
import { RCODE_NX, RCODE_OK, RCODE_REFUSED, type Question, type Response } from './message.ts';
import { encodeName } from './name.ts';
import { TYPE_NUMBERS, type ResourceRecord } from './record.ts';

export interface SrvTarget {
  readonly host: string;
  readonly port: number;
  /** 0..65535 */
  readonly weight: number;
  /** Told along in the same message. */
  readonly address: IpAddress | undefined;
}

export type Outcome =
  | { readonly kind: 'addresses'; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'targets'; readonly targets: readonly SrvTarget[] }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  /** Named as `show resolvers` counts them. */
  | { readonly kind: FailureKind };

export type FailureKind = 'invalid' | 'nx' | 'refused' | 'any_err' | 'cname_error' | 'truncated' | 'other';

export function outcomeOf(response: Response | undefined, { name, type }: Question): Outcome {
  if (response === undefined) return { kind: 'invalid' };
  const { asked } = response;
  if (asked !== undefined && (asked.name !== normalName(name) || asked.type !== TYPE_NUMBERS[type]))
    return { kind: 'invalid' };
  if (response.rcode === RCODE_NX) return { kind: 'nx' };
  if (response.rcode === RCODE_REFUSED) return { kind: 'refused' };
  if (response.rcode !== RCODE_OK) return { kind: 'other' };
  if (type === 'SRV') return targetsOf(response);
  if (response.truncated) return { kind: 'truncated' };
  if (type === 'TXT') return textsOf(normalName(name), response);
  return addressesOf(normalName(name), response, type === 'A' ? 4 : 6);
}

/** What was asked for is there. */
export function isGood(outcome: Outcome): outcome is Exclude<Outcome, { readonly kind: FailureKind }> {
  return outcome.kind === 'addresses' || outcome.kind === 'targets' || outcome.kind === 'texts';
}

export function normalName(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}

function addressesOf(name: string, { answers }: Response, family: 4 | 6): Outcome {
  if (answers.length === 0) return { kind: 'any_err' };
  const names = aliasesOf(name, answers);
  const addresses = answers.flatMap(record =>
    record.type === 'address' && record.address.family === family && names.has(record.name)
      ? [record.address]
      : [],
  );
  if (addresses.length > 0) return { kind: 'addresses', addresses };
  return { kind: answers.some(({ type }) => type === 'cname') ? 'cname_error' : 'other' };
}

function textsOf(name: string, { answers }: Response): Outcome {
  const names = aliasesOf(name, answers);
  const texts = answers.flatMap(record =>
    record.type === 'text' && names.has(record.name) ? [record.text] : [],
  );
  return texts.length > 0 ? { kind: 'texts', texts } : { kind: 'any_err' };
}

/** The name and all it is an alias of. */
function aliasesOf(name: string, answers: readonly ResourceRecord[]): ReadonlySet<string> {
  const names = new Set([name]);
  for (let before = 0; before < names.size;) {
    before = names.size;
    for (const record of answers)
      if (record.type === 'cname' && names.has(record.name)) names.add(record.target);
  }
  return names;
}

/**
 * Even a part of the records can be used. A target that is the root says that there is no such service
 * (RFC 2782); one of blanks or controls could not be asked for, and would break lines that name it.
 */
function targetsOf({ answers, additionals, truncated }: Response): Outcome {
  const addresses = new Map<string, IpAddress>();
  for (const record of additionals)
    if (record.type === 'address' && !addresses.has(record.name)) addresses.set(record.name, record.address);
  const targets = answers.flatMap(record =>
    record.type === 'srv' && encodeName(record.target) !== undefined
      ? [
          {
            host: record.target,
            port: record.port,
            weight: record.weight,
            address: addresses.get(record.target),
          },
        ]
      : [],
  );
  if (targets.length > 0) return { kind: 'targets', targets };
  return { kind: truncated ? 'truncated' : 'any_err' };
}
