/** What an authority wants to see before it believes that a name is the account's (RFC 8555, sections 7.1.4 and 8). */
import { createHash } from 'node:crypto';
import type { ChallengeType } from '../model/acme.ts';
import { AcmeFailure, logWords } from './failure.ts';
import { objectIn, objectsIn, optionalText, textOf, textsIn, urlOf, type JsonObject } from './json.ts';
import { problemWords } from './reply.ts';

interface Authorization {
  readonly url: string;
  /** Name or address, without the star of a wildcard. */
  readonly name: string;
  readonly isWildcard: boolean;
  readonly status: string;
  /** As it came, for who keeps the name's records. */
  readonly source: JsonObject;
}

export interface Challenge extends Authorization {
  readonly type: ChallengeType;
  readonly challengeUrl: string;
  /** Of dns-persist-01: none. */
  readonly token: string;
  /** Names the authority has in records of dns-persist-01. */
  readonly issuers: readonly string[];
}

export function readAuthorization(url: string, source: JsonObject): Authorization {
  const what = `the authorization ${logWords(url)}`;
  const name = textOf(objectIn(source, 'identifier') ?? {}, 'value', what);
  if (!/^[\w.:*-]+$/.test(name)) throw new AcmeFailure(`${what} is for no name`);
  return {
    url,
    name: name.toLowerCase(),
    isWildcard: source['wildcard'] === true,
    status: textOf(source, 'status', what),
    source,
  };
}

/** The one of that type. */
export function challengeOf(authorization: Authorization, type: ChallengeType): Challenge {
  const { source, name } = authorization;
  const offered = objectsIn(source, 'challenges');
  const found = offered.find(one => optionalText(one, 'type') === type);
  if (found === undefined) {
    const types = offered.map(one => logWords(optionalText(one, 'type') ?? '?')).join(', ');
    throw new AcmeFailure(
      `the authority offers no ${type} for ${name}, but: ${types === '' ? 'none' : types}`,
    );
  }
  const what = `the challenge ${type} for ${name}`;
  const token = type === 'dns-persist-01' ? '' : textOf(found, 'token', what);
  // it becomes a key of a map, and part of a path
  if (token !== '' && !/^[A-Za-z0-9_-]{1,512}$/.test(token))
    throw new AcmeFailure(`${what} has a token that is not base64url`);
  const issuers = textsIn(found, 'issuer-domain-names');
  return { ...authorization, type, token, challengeUrl: urlOf(found, 'url', what), issuers };
}

/** Why a challenge was lost. */
export function refusalOf(authorization: Authorization, type: ChallengeType): string {
  const challenge = objectsIn(authorization.source, 'challenges').find(
    one => optionalText(one, 'type') === type,
  );
  const problem = challenge && objectIn(challenge, 'error');
  return problem === undefined ? `its status is ${logWords(authorization.status)}` : problemWords(problem);
}

/** A TXT record that has to be there. */
export interface WantedRecord {
  readonly name: string;
  readonly text: string;
}

/** RFC 8555, section 8.4; draft-ietf-acme-dns-persist, section 3. `account`: its URL. */
export function recordOf(
  { type, name, token, issuers, isWildcard }: Challenge,
  thumbprint: string,
  account: string,
): WantedRecord {
  if (type === 'dns-persist-01')
    return {
      name: `_validation-persist.${name}`,
      text: `${logWords(issuers[0] ?? '')}; accounturi=${account}${isWildcard ? '; policy=wildcard' : ''}`,
    };
  const text = createHash('sha256').update(`${token}.${thumbprint}`).digest('base64url');
  return { name: `_acme-challenge.${name}`, text };
}
