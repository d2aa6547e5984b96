/**
 * Variables every configuration can read (manual, section 2.3): the built-in log formats, as sections 8.2.2 to
 * 8.2.4 define them, and the branch.
 */
import { COMPATIBLE_BRANCH, COMPATIBLE_VERSION } from './compatibility.ts';

const COUNTERS = '%ac/%fc/%bc/%sc/%rc %sq/%bq';
const HTTP = `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc ${COUNTERS} %hr %hs %{+Q}r`;
const TLS_ERRORS = '%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed]';

/** Lines of the NSS key log; `side` is `fc` (clients) or `bc` (servers). */
function keyLogFormat(side: 'fc' | 'bc', space: string): string {
  const random = `%[ssl_${side}_client_random,hex]`;
  const secrets = [
    ['CLIENT_EARLY_TRAFFIC_SECRET', 'client_early_traffic_secret'],
    ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'client_handshake_traffic_secret'],
    ['SERVER_HANDSHAKE_TRAFFIC_SECRET', 'server_handshake_traffic_secret'],
    ['CLIENT_TRAFFIC_SECRET_0', 'client_traffic_secret_0'],
    ['SERVER_TRAFFIC_SECRET_0', 'server_traffic_secret_0'],
    ['EXPORTER_SECRET', 'exporter_secret'],
    ['EARLY_EXPORTER_SECRET', 'early_exporter_secret'],
  ].map(([label, fetch]) => `${label} ${random} %[ssl_${side}_${fetch}]`);
  return [`CLIENT_RANDOM ${random} ${space}%[ssl_${side}_session_key,hex]`, ...secrets].join('\n');
}

export const PREDEFINED_VARIABLES: Readonly<Record<string, string>> = {
  HAPROXY_BRANCH: COMPATIBLE_BRANCH,
  HAPROXY_STARTUP_VERSION: COMPATIBLE_VERSION,
  HAPROXY_HTTP_LOG_FMT: HTTP,
  HAPROXY_HTTPS_LOG_FMT: `${HTTP} ${TLS_ERRORS} %[ssl_fc_sni]/%sslv/%sslc`,
  HAPROXY_HTTP_CLF_LOG_FMT:
    '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl',
  HAPROXY_TCP_LOG_FMT: `%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts ${COUNTERS}`,
  HAPROXY_TCP_CLF_LOG_FMT:
    '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq "" "" ',
  HAPROXY_KEYLOG_FC_LOG_FMT: keyLogFormat('fc', ''),
  HAPROXY_KEYLOG_BC_LOG_FMT: keyLogFormat('bc', ' '),
};
