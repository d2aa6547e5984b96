/** What `mode haterm` answers to an empty query: how to ask. */
import { COMPATIBLE_WITH } from '../../base/version.ts';

const ARGUMENTS: readonly (readonly [example: string, meaning: string])[] = [
  ['s=20k', 'size of the body in bytes'],
  ['r=404', 'status, 200 to 599'],
  ['c=0', 'below 1: the answer says that no cache may keep it'],
  ['A=1', 'above 0: the answer does not wait for the end of the body of the request'],
  ['C=1', 'above 0: the connection is closed behind the answer'],
  ['K=1', 'above 0: the connection is kept'],
  ['t=500', 'milliseconds to wait before the answer'],
  ['k=1', 'above 0: the body is sent as one chunk'],
  ['R=1', 'above 0: the body is random bytes'],
];

export const USAGE = [
  `Test server, as the haterm of HAProxy ${COMPATIBLE_WITH}. The query of a request says what is answered:`,
  '',
  ...ARGUMENTS.map(([example, meaning]) => `  /?${example.padEnd(8)}${meaning}`),
  '',
  'Numbers may end in k, m or g (times 1024, 1024^2, 1024^3), and in r (times a random number from 0 to 1).',
  'Any of & ? , ; / separates arguments: /?s=20k&c=1&t=700&K=30r',
  '',
].join('\n');
