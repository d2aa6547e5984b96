/** All commands of the admin socket: help, the parser and docs/admin-socket.md read this. */
import type { Command } from './command.ts';
import { ACME_COMMANDS } from './commands/acme.ts';
import { ANONYMITY_COMMANDS } from './commands/anonymity.ts';
import { CACHE_COMMANDS } from './commands/caches.ts';
import { CONNECTION_COMMANDS } from './commands/connection.ts';
import { DYNAMIC_COOKIE_COMMANDS } from './commands/dynamic-cookies.ts';
import { DYNAMIC_BACKEND_COMMANDS } from './commands/dynamic-backends.ts';
import { DYNAMIC_SERVER_COMMANDS } from './commands/dynamic-servers.ts';
import { ERROR_COMMANDS } from './commands/errors.ts';
import { EVENT_COMMANDS } from './commands/events.ts';
import { FRONTEND_COMMANDS } from './commands/frontends.ts';
import { INTERNAL_COMMANDS } from './commands/internals.ts';
import { LIMIT_COMMANDS } from './commands/limits.ts';
import { MAP_COMMANDS } from './commands/maps.ts';
import { AUTHORITY_COMMANDS } from './commands/tls/authorities.ts';
import { CERTIFICATE_COMMANDS } from './commands/tls/certificates.ts';
import { CRT_LIST_COMMANDS } from './commands/tls/crt-lists.ts';
import { KEY_COMMANDS } from './commands/tls/keys-and-providers.ts';
import { OCSP_COMMANDS } from './commands/tls/ocsp.ts';
import { NAME_COMMANDS } from './commands/tls/names.ts';
import { NOT_BUILT_COMMANDS } from './commands/not-built.ts';
import { PEERS_COMMANDS } from './commands/peers.ts';
import { PASS_SOCKETS, PROCESS_COMMANDS } from './commands/process.ts';
import { RESOLVERS_COMMANDS } from './commands/resolvers.ts';
import { SERVER_STATE_COMMANDS } from './commands/server-state.ts';
import { SERVER_WEIGHT_COMMANDS } from './commands/server-weight.ts';
import { SESSION_COMMANDS } from './commands/sessions.ts';
import { SET_SERVER } from './commands/set-server.ts';
import { SHOW_SERVERS_COMMANDS } from './commands/show-servers.ts';
import { STICK_TABLE_COMMANDS } from './commands/stick-tables.ts';
import { STATISTICS_COMMANDS } from './commands/statistics.ts';
import { TRACE_COMMANDS } from './commands/traces.ts';
import { WAIT_COMMAND } from './commands/wait.ts';
import { VRRP_COMMANDS } from './commands/vrrp.ts';
import { VARIABLE_COMMANDS } from './commands/variables.ts';

export const COMMANDS: readonly Command[] = [
  ...ANONYMITY_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...PROCESS_COMMANDS,
  PASS_SOCKETS,
  ...STATISTICS_COMMANDS,
  ...SERVER_STATE_COMMANDS,
  ...SERVER_WEIGHT_COMMANDS,
  SET_SERVER,
  ...FRONTEND_COMMANDS,
  ...LIMIT_COMMANDS,
  ...SHOW_SERVERS_COMMANDS,
  ...VRRP_COMMANDS,
  ...SESSION_COMMANDS,
  ...ERROR_COMMANDS,
  ...DYNAMIC_BACKEND_COMMANDS,
  ...DYNAMIC_SERVER_COMMANDS,
  ...DYNAMIC_COOKIE_COMMANDS,
  ...INTERNAL_COMMANDS,
  ...EVENT_COMMANDS,
  ...TRACE_COMMANDS,
  ...STICK_TABLE_COMMANDS,
  ...CACHE_COMMANDS,
  ...CERTIFICATE_COMMANDS,
  ...ACME_COMMANDS,
  ...AUTHORITY_COMMANDS,
  ...CRT_LIST_COMMANDS,
  ...NAME_COMMANDS,
  ...KEY_COMMANDS,
  ...OCSP_COMMANDS,
  ...NOT_BUILT_COMMANDS,
  ...PEERS_COMMANDS,
  WAIT_COMMAND,
  ...MAP_COMMANDS,
  ...VARIABLE_COMMANDS,
  ...RESOLVERS_COMMANDS,
];
