/** Credentials of a request and userlists (manual, sections 3.4 and 7.3.6; RFC 7617, RFC 6750). */
import type { Userlist } from '../../model/config.ts';
import type { SampleContext } from '../context.ts';
import { checkPassword } from '../password.ts';
import type { FetchRow, Getter } from '../row.ts';
import { eachItem } from './header-text.ts';
import { requestOf } from './message.ts';

interface Credentials {
  readonly scheme: 'Basic' | 'Bearer';
  /** What follows the scheme. */
  readonly text: string;
  readonly user: string;
  readonly password: string;
}

let lastHeader = '';
let lastCredentials: Credentials | undefined;

function credentialsOf(ctx: SampleContext): Credentials | undefined {
  const head = requestOf(ctx);
  if (head === undefined) return undefined;
  const isProxyRequest =
    head.target !== '' && head.target.charCodeAt(0) !== 47 && head.headers.has('proxy-authorization');
  let header = '';
  eachItem(head.headers, isProxyRequest ? 'proxy-authorization' : 'authorization', item => {
    header = item;
    return true;
  });
  if (header !== lastHeader) {
    lastHeader = header;
    lastCredentials = parseCredentials(header);
  }
  return lastCredentials;
}

function parseCredentials(header: string): Credentials | undefined {
  const space = header.indexOf(' ');
  if (space <= 0) return undefined;
  const scheme = header.slice(0, space).toLowerCase();
  const text = header.slice(space).replace(/^ +/, '');
  if (scheme === 'bearer') return { scheme: 'Bearer', text, user: '', password: '' };
  if (scheme !== 'basic' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('latin1').split('\0', 1)[0] as string;
  const colon = decoded.indexOf(':');
  if (colon < 0) return undefined;
  return { scheme: 'Basic', text, user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function basicOf(ctx: SampleContext): Credentials | undefined {
  const credentials = credentialsOf(ctx);
  return credentials?.scheme === 'Basic' ? credentials : undefined;
}

/** The user when name and password stand in the list. */
export function authenticatedUser(ctx: SampleContext, userlist: Userlist): string | false | undefined {
  const credentials = basicOf(ctx);
  if (credentials === undefined) return undefined;
  const user = userlist.users.find(entry => entry.name === credentials.user);
  if (user === undefined || !checkPassword(user.password, user.secure, credentials.password)) return false;
  return user.name;
}

function compileBearer(header: string): Getter {
  if (header === '')
    return ctx => {
      const credentials = credentialsOf(ctx);
      return credentials?.scheme === 'Bearer' ? credentials.text : undefined;
    };
  const name = header.toLowerCase();
  return ctx => {
    const head = requestOf(ctx);
    let value: string | undefined;
    if (head !== undefined)
      eachItem(head.headers, name, item => {
        value = item;
        return true;
      });
    const match = value === undefined ? null : /^bearer +(.*)$/i.exec(value);
    return match === null ? (value === undefined && head !== undefined ? '' : undefined) : match[1];
  };
}

const SOURCES = ['HTTP request headers'] as const;

export const AUTHENTICATION_FETCHES: readonly FetchRow[] = [
  {
    name: 'http_auth',
    args: ['userlist:userlist'],
    out: 'bool',
    sources: SOURCES,
    summary: 'name and password stand in the userlist',
    compile: args => {
      const userlist = args[0]?.userlist;
      if (userlist === undefined) return { error: 'missing userlist' };
      return ctx => {
        const user = authenticatedUser(ctx, userlist);
        return user === undefined ? undefined : user !== false;
      };
    },
  },
  {
    name: 'http_auth_group',
    args: ['userlist:userlist'],
    out: 'str',
    sources: SOURCES,
    summary: 'authenticated user; as an ACL: member of one of the groups',
    compile: args => {
      const userlist = args[0]?.userlist;
      if (userlist === undefined) return { error: 'missing userlist' };
      return ctx => {
        const user = authenticatedUser(ctx, userlist);
        return user === false ? undefined : user;
      };
    },
  },
  {
    name: 'http_auth_bearer',
    args: ['header:str?'],
    out: 'str',
    sources: SOURCES,
    summary: 'bearer token of the request',
    compile: args => compileBearer(args[0]?.text ?? ''),
  },
  {
    name: 'http_auth_type',
    out: 'str',
    sources: SOURCES,
    summary: 'scheme of the credentials',
    compile: () => ctx => credentialsOf(ctx)?.scheme,
  },
  {
    name: 'http_auth_user',
    out: 'str',
    sources: SOURCES,
    summary: 'user name of the credentials',
    compile: () => ctx => basicOf(ctx)?.user,
  },
  {
    name: 'http_auth_pass',
    out: 'str',
    sources: SOURCES,
    summary: 'password of the credentials',
    compile: () => ctx => basicOf(ctx)?.password,
  },
];
