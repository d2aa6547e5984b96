/** The columns behind the `-`: what the TLS, HTTP/2 and HTTP/1 layers count. */
import { column, counted, forKinds, type StatColumn } from './column.ts';
import type { FieldName } from '../state/counter-fields.ts';

function module(name: FieldName, kinds: string, description: string, nature: 'C' | 'G' = 'C'): StatColumn {
  return column(
    name,
    description,
    forKinds(kinds, 'u64', `M${nature}P`, subject => counted(subject, name)),
  );
}

export const MODULE_COLUMNS: readonly StatColumn[] = [
  module('ssl_sess', 'LFBS', 'TLS sessions'),
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
  module('h2_goaway_resp', 'FB', 'HTTP/2 GOAWAY frames sent'),
  module('h2_open_connections', 'FB', 'HTTP/2 connections now', 'G'),
  module('h2_backend_open_streams', 'FB', 'HTTP/2 streams now', 'G'),
  module('h2_total_connections', 'FB', 'HTTP/2 connections so far'),
  module('h2_backend_total_streams', 'FB', 'HTTP/2 streams so far'),
  module('h1_open_connections', 'FB', 'HTTP/1 connections now', 'G'),
  module('h1_open_streams', 'FB', 'HTTP/1 streams now', 'G'),
  module('h1_total_connections', 'FB', 'HTTP/1 connections so far'),
  module('h1_total_streams', 'FB', 'HTTP/1 streams so far'),
  module('h1_bytes_in', 'FB', 'HTTP/1 bytes received'),
  module('h1_bytes_out', 'FB', 'HTTP/1 bytes sent'),
  module('h1_spliced_bytes_in', 'FB', 'HTTP/1 bytes received by splicing'),
  module('h1_spliced_bytes_out', 'FB', 'HTTP/1 bytes sent by splicing'),
];
