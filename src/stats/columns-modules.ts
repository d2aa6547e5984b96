/** The columns behind the `-`: what the TLS, HTTP/2 and HTTP/1 layers count. */
import { column, counted, forKinds, isHttp, type StatColumn } from './column.ts';
import type { Subject } from './subject.ts';
import type { FieldName } from '../state/counter-fields.ts';

function module(name: FieldName, kinds: string, description: string, nature: 'C' | 'G' = 'C'): StatColumn {
  return column(
    name,
    description,
    forKinds(kinds, 'u64', `M${nature}P`, subject => counted(subject, name)),
  );
}

export const MODULE_COLUMNS: readonly StatColumn[] = [
  module('ssl_sess', 'LFBS', 'TLS sessions that were made, not resumed'),
  module('ssl_reused_sess', 'LFBS', 'TLS sessions that were resumed'),
  module('ssl_failed_handshake', 'LFBS', 'TLS handshakes that failed'),
  module('ssl_ocsp_staple', 'LFBS', 'OCSP responses that were stapled'),
  module('ssl_failed_ocsp_staple', 'LFBS', 'OCSP responses that could not be stapled'),
  module('h2_headers_rcvd', 'FB', 'HTTP/2 HEADERS frames received'),
  module('h2_data_rcvd', 'FB', 'HTTP/2 DATA frames received'),
  module('h2_settings_rcvd', 'FB', 'HTTP/2 SETTINGS frames received'),
  module('h2_rst_stream_rcvd', 'FB', 'HTTP/2 RST_STREAM frames received'),
  module('h2_goaway_rcvd', 'FB', 'HTTP/2 GOAWAY frames received'),
  module('h2_detected_conn_protocol_errors', 'FB', 'HTTP/2 connection errors of the other side'),
  module('h2_detected_strm_protocol_errors', 'FB', 'HTTP/2 stream errors of the other side'),
  module('h2_rst_stream_resp', 'FB', 'HTTP/2 RST_STREAM frames sent'),
  module('h2_goaway_resp', 'FB', 'HTTP/2 GOAWAY frames sent for errors'),
  module('h2_open_connections', 'FB', 'HTTP/2 connections now', 'G'),
  module('h2_backend_open_streams', 'FB', 'HTTP/2 streams now', 'G'),
  module('h2_total_connections', 'FB', 'HTTP/2 connections so far'),
  module('h2_backend_total_streams', 'FB', 'HTTP/2 streams so far'),
  http1('h1_open_connections', 'HTTP/1 connections now', openConnections, 'G'),
  http1('h1_open_streams', 'HTTP/1 streams now', openStreams, 'G'),
  http1(
    'h1_total_connections',
    'HTTP/1 connections so far',
    rest(['h1sess'], ['connect'], 'h2_total_connections'),
  ),
  http1(
    'h1_total_streams',
    'HTTP/1 streams so far',
    rest(['h1req'], ['connect', 'reuse'], 'h2_backend_total_streams'),
  ),
  http1('h1_bytes_in', 'HTTP/1 bytes received', sumOf(['reqbin'], ['resbin'])),
  http1('h1_bytes_out', 'HTTP/1 bytes sent', sumOf(['resbout'], ['reqbout'])),
  module('h1_spliced_bytes_in', 'FB', 'HTTP/1 bytes received that moved inside the kernel'),
  module('h1_spliced_bytes_out', 'FB', 'HTTP/1 bytes sent that moved inside the kernel'),
];

type Read = (subject: Subject) => number;

/** Follows from what is counted anyway. Proxies of other modes have none of it. */
function http1(name: string, description: string, read: Read, nature: 'C' | 'G' = 'C'): StatColumn {
  const cell = (subject: Subject): number => (isHttp(subject) ? read(subject) : 0);
  return column(name, description, forKinds('FB', 'u64', `M${nature}P`, cell));
}

/** Of a frontend these counters, of a backend those. */
function sumOf(front: readonly FieldName[], back: readonly FieldName[]): Read {
  return subject => {
    const fields = subject.kind === 'frontend' ? front : back;
    return fields.reduce((sum, field) => sum + counted(subject, field), 0);
  };
}

/** The same, where a backend counts HTTP/2 among them. */
function rest(front: readonly FieldName[], back: readonly FieldName[], http2: FieldName): Read {
  const sum = sumOf(front, back);
  return subject => withoutHttp2(subject, sum(subject), subject.kind === 'frontend' ? undefined : http2);
}

function withoutHttp2(subject: Subject, sum: number, http2: FieldName | undefined): number {
  return http2 === undefined ? sum : Math.max(0, sum - counted(subject, http2));
}

function openConnections(subject: Subject): number {
  return withoutHttp2(subject, allConnections(subject), 'h2_open_connections');
}

function allConnections({ kind, view, proxyRow }: Subject): number {
  const { limits, servers } = view.state;
  if (kind === 'frontend') return limits.current(limits.frontend(proxyRow));
  return servers.serversOf(proxyRow).reduce((sum, row) => sum + servers.served(row) + servers.idle(row), 0);
}

function openStreams(subject: Subject): number {
  if (subject.kind === 'frontend') return Math.max(0, counted(subject, 'h1_open_streams'));
  const { servers } = subject.view.state;
  const served = servers.serversOf(subject.proxyRow).reduce((sum, row) => sum + servers.served(row), 0);
  return withoutHttp2(subject, served, 'h2_backend_open_streams');
}
