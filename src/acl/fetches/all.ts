/** All sample fetches, aliases included. */
import type { FetchRow } from '../row.ts';
import { ACL_FETCHES } from './acl.ts';
import { AUTHENTICATION_FETCHES } from './authentication.ts';
import { CONNECTION_FETCHES } from './connection.ts';
import { CONSTANT_FETCHES } from './constants.ts';
import { COOKIE_FETCHES } from './cookies.ts';
import { HEADER_FETCHES } from './headers.ts';
import { INTERNAL_FETCHES } from './internals.ts';
import { PARAMETER_FETCHES } from './parameters.ts';
import { PAYLOAD_FETCHES } from './payload.ts';
import { PROXY_FETCHES } from './proxies.ts';
import { RDP_FETCHES } from './rdp.ts';
import { REQUEST_FETCHES } from './request.ts';
import { TCP_INFO_FETCHES } from './tcp-info.ts';
import { DISTCC_FETCHES } from './distcc.ts';
import { TLS_FETCHES } from './tls.ts';
import { TLS_HELLO_FETCHES } from './tls-hello.ts';
import { TRACKING_FETCHES } from './tracking.ts';
import { CLIENT_STREAM_FETCHES } from './client-stream.ts';
import { SERVER_STREAM_FETCHES } from './server-stream.ts';
import { TRANSACTION_FETCHES } from './transaction.ts';
import { VARIABLE_FETCHES } from './variables.ts';

const OWN: readonly FetchRow[] = [
  ...CONSTANT_FETCHES,
  ...PROXY_FETCHES,
  ...CONNECTION_FETCHES,
  ...CLIENT_STREAM_FETCHES,
  ...SERVER_STREAM_FETCHES,
  ...TRANSACTION_FETCHES,
  ...REQUEST_FETCHES,
  ...HEADER_FETCHES,
  ...COOKIE_FETCHES,
  ...PARAMETER_FETCHES,
  ...AUTHENTICATION_FETCHES,
  ...PAYLOAD_FETCHES,
  ...TLS_HELLO_FETCHES,
  ...RDP_FETCHES,
  ...VARIABLE_FETCHES,
  ...ACL_FETCHES,
  ...TLS_FETCHES,
  ...TRACKING_FETCHES,
  ...TCP_INFO_FETCHES,
  ...DISTCC_FETCHES,
  ...INTERNAL_FETCHES,
];

/** Old or short names: `<alias> <word>`. */
const ALIASES: Readonly<Record<string, string>> = {
  bytes_in: 'req.bytes_in',
  bytes_out: 'res.bytes_in',
  cook: 'req.cook',
  cook_cnt: 'req.cook_cnt',
  cook_val: 'req.cook_val',
  hdr_cnt: 'req.hdr_cnt',
  hdr_ip: 'req.hdr_ip',
  hdr_val: 'req.hdr_val',
  rdp_cookie: 'req.rdp_cookie',
  rdp_cookie_cnt: 'req.rdp_cookie_cnt',
  rep_ssl_hello_type: 'res.ssl_hello_type',
  req_len: 'req.len',
  req_proto_http: 'req.proto_http',
  req_ssl_hello_type: 'req.ssl_hello_type',
  req_ssl_sni: 'req.ssl_sni',
  req_ssl_ver: 'req.ssl_ver',
  req_ver: 'req.ver',
  resp_ver: 'res.ver',
  scook: 'res.cook',
  scook_cnt: 'res.cook_cnt',
  scook_val: 'res.cook_val',
  shdr: 'res.hdr',
  shdr_cnt: 'res.hdr_cnt',
  shdr_ip: 'res.hdr_ip',
  shdr_val: 'res.hdr_val',
  urlp: 'url_param',
};

function aliasRow([name, alias]: [string, string]): FetchRow {
  const target = OWN.find(row => row.name === alias);
  if (target === undefined) throw new Error(`alias ${name} of an unknown word ${alias}`);
  return { ...target, name, alias };
}

export const FETCHES: readonly FetchRow[] = [...OWN, ...Object.entries(ALIASES).map(aliasRow)];
