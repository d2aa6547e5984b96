/** Words that only ACLs know (manual, section 7.1 and 7.3): a fetch with its match method built in. */
import type { MatchMethod } from './match/method.ts';

export interface AclKeyword {
  readonly name: string;
  readonly fetch: string;
  readonly method: MatchMethod | 'group';
}

const SUFFIXES: readonly MatchMethod[] = ['beg', 'dir', 'dom', 'end', 'len', 'reg', 'sub'];

/** `path` and `path_beg`, `path_dir`, ... */
function family(name: string, fetch: string): AclKeyword[] {
  return [
    { name, fetch, method: 'str' },
    ...SUFFIXES.map((method): AclKeyword => ({ name: `${name}_${method}`, fetch, method })),
  ];
}

export const ACL_KEYWORDS: readonly AclKeyword[] = [
  ...family('base', 'base'),
  ...family('cook', 'req.cook'),
  ...family('hdr', 'req.hdr'),
  ...family('path', 'path'),
  ...family('scook', 'res.cook'),
  ...family('shdr', 'res.hdr'),
  ...family('url', 'url'),
  ...family('urlp', 'url_param'),
  { name: 'http_auth_group', fetch: 'http_auth_group', method: 'group' },
  { name: 'method', fetch: 'method', method: 'meth' },
  { name: 'payload', fetch: 'req.payload', method: 'bin' },
  { name: 'payload_lv', fetch: 'req.payload_lv', method: 'bin' },
  { name: 'req.ssl_ver', fetch: 'req.ssl_ver', method: 'dotted' },
  { name: 'req_rdp_cookie', fetch: 'req.rdp_cookie', method: 'str' },
  { name: 'req_rdp_cookie_cnt', fetch: 'req.rdp_cookie_cnt', method: 'int' },
  { name: 'req_ssl_sni', fetch: 'req.ssl_sni', method: 'str' },
  { name: 'req_ssl_ver', fetch: 'req.ssl_ver', method: 'dotted' },
  { name: 'req_ver', fetch: 'req.ver', method: 'str' },
  { name: 'resp_ver', fetch: 'res.ver', method: 'str' },
  { name: 'ssl_fc_sni_end', fetch: 'ssl_fc_sni', method: 'end' },
  { name: 'ssl_fc_sni_reg', fetch: 'ssl_fc_sni', method: 'reg' },
];

const BY_NAME = new Map(ACL_KEYWORDS.map(keyword => [keyword.name, keyword]));

export function findAclKeyword(name: string): AclKeyword | undefined {
  return BY_NAME.get(name);
}

export function aclKeywordNames(): IterableIterator<string> {
  return BY_NAME.keys();
}

/** ACLs that need no `acl` line. */
export const PREDEFINED_ACLS: Readonly<Record<string, readonly string[]>> = {
  TRUE: ['always_true'],
  FALSE: ['always_false'],
  LOCALHOST: ['src', '127.0.0.1/8', '::1'],
  HTTP: ['req.proto_http'],
  'HTTP_1.0': ['req.ver', '1.0'],
  'HTTP_1.1': ['req.ver', '1.1'],
  'HTTP_2.0': ['req.ver', '2.0'],
  'HTTP_3.0': ['req.ver', '3.0'],
  METH_CONNECT: ['method', 'CONNECT'],
  METH_DELETE: ['method', 'DELETE'],
  METH_GET: ['method', 'GET', 'HEAD'],
  METH_HEAD: ['method', 'HEAD'],
  METH_OPTIONS: ['method', 'OPTIONS'],
  METH_POST: ['method', 'POST'],
  METH_PUT: ['method', 'PUT'],
  METH_TRACE: ['method', 'TRACE'],
  HTTP_URL_ABS: ['url_reg', '^[^/:]*://'],
  HTTP_URL_SLASH: ['url_beg', '/'],
  HTTP_URL_STAR: ['url', '*'],
  HTTP_CONTENT: ['req.hdr_val(content-length)', 'gt', '0'],
  RDP_COOKIE: ['req.rdp_cookie_cnt', 'gt', '0'],
  REQ_CONTENT: ['req.len', 'gt', '0'],
  WAIT_END: ['wait_end'],
};
