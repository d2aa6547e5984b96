/** Both connections: addresses, ports, PROXY protocol, errors (manual, section 7.3.3). */
import { parseIp } from '../../base/ip-address.ts';
import type { IpAddress } from '../../base/ip-address.ts';
import type { Endpoint } from '../../net/connection.ts';
import type { ClientFacts, ConnectionError, SampleContext, ServerFacts } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';

type Side = 'client' | 'server';
type EndpointOf = (ctx: SampleContext) => Endpoint | undefined;

/** Parsed once per endpoint: rules ask for the same address again and again. */
const addresses = new WeakMap<Endpoint, IpAddress>();
let lastEndpoint: Endpoint | undefined;
let lastAddress: IpAddress | undefined;

export function addressOf(endpoint: Endpoint | undefined): IpAddress | undefined {
  if (endpoint === undefined || endpoint.family === 0) return undefined;
  if (endpoint === lastEndpoint) return lastAddress;
  let address = addresses.get(endpoint);
  if (address === undefined) {
    address = parseIp(endpoint.host);
    if (address !== undefined) addresses.set(endpoint, address);
  }
  lastEndpoint = endpoint;
  lastAddress = address;
  return address;
}

const source: EndpointOf = ctx => ctx.client?.source;
const destination: EndpointOf = ctx => ctx.client?.destination;
const originalSource: EndpointOf = ctx => ctx.client?.originalSource;
const originalDestination: EndpointOf = ctx => ctx.client?.originalDestination;
const serverSource: EndpointOf = ctx => ctx.server?.source;
const serverDestination: EndpointOf = ctx => ctx.server?.destination;

function addressRow(name: string, side: Side, summary: string, endpoint: EndpointOf): FetchRow {
  return {
    name,
    out: 'addr',
    sources: sourcesOf(side),
    summary,
    compile: () => ctx => addressOf(endpoint(ctx)),
  };
}

function portRow(name: string, side: Side, summary: string, endpoint: EndpointOf): FetchRow {
  return {
    name,
    out: 'int',
    sources: sourcesOf(side),
    summary,
    compile: () => ctx => {
      const end = endpoint(ctx);
      // a PROXY header may give port 0, which is none
      return end === undefined || end.family === 0 || end.port === 0 ? undefined : end.port;
    },
  };
}

function localRow(name: string, summary: string, endpoint: EndpointOf): FetchRow {
  return {
    name,
    out: 'bool',
    sources: ['client address'],
    summary,
    compile: () => ctx => {
      const ip = addressOf(endpoint(ctx));
      return ip === undefined ? undefined : ctx.process.isLocalAddress(ip);
    },
  };
}

function sourcesOf(side: Side): FetchRow['sources'] {
  return [side === 'client' ? 'client address' : 'server address'];
}

function clientRow(
  name: string,
  out: 'int' | 'str' | 'bool',
  summary: string,
  read: (client: ClientFacts) => ReturnType<Getter>,
  sources: FetchRow['sources'] = ['client address'],
): FetchRow {
  return {
    name,
    out,
    sources,
    summary,
    compile: () => ctx => (ctx.client === undefined ? undefined : read(ctx.client)),
  };
}

function serverRow(
  name: string,
  out: 'int' | 'str' | 'bool',
  summary: string,
  read: (server: ServerFacts) => ReturnType<Getter>,
  sources: FetchRow['sources'] = ['server address'],
): FetchRow {
  return {
    name,
    out,
    sources,
    summary,
    compile: () => ctx => (ctx.server === undefined ? undefined : read(ctx.server)),
  };
}

const code = (error: ConnectionError | undefined): number => error?.code ?? 0;

/** PROXY protocol v2 field types (its specification, section 2.2) by name. */
const TLV_TYPES: Readonly<Record<string, number>> = {
  ALPN: 1,
  AUTHORITY: 2,
  CRC32C: 3,
  NOOP: 4,
  UNIQUE_ID: 5,
  SSL: 0x20,
  NETNS: 0x30,
};

export const CONNECTION_FETCHES: readonly FetchRow[] = [
  addressRow('src', 'client', 'client address', source),
  portRow('src_port', 'client', 'client port', source),
  localRow('src_is_local', 'the client address belongs to this host', source),
  addressRow('dst', 'client', 'address the client connected to', destination),
  portRow('dst_port', 'client', 'port the client connected to', destination),
  localRow('dst_is_local', 'the destination address belongs to this host', destination),
  addressRow('fc_src', 'client', 'client address before it was rewritten', originalSource),
  portRow('fc_src_port', 'client', 'client port before it was rewritten', originalSource),
  localRow('fc_src_is_local', 'the original client address belongs to this host', originalSource),
  addressRow('fc_dst', 'client', 'destination before it was rewritten', originalDestination),
  portRow('fc_dst_port', 'client', 'destination port before it was rewritten', originalDestination),
  localRow('fc_dst_is_local', 'the original destination belongs to this host', originalDestination),
  addressRow('bc_src', 'server', 'our address toward the server', serverSource),
  portRow('bc_src_port', 'server', 'our port toward the server', serverSource),
  addressRow('bc_dst', 'server', 'server address', serverDestination),
  portRow('bc_dst_port', 'server', 'server port', serverDestination),
  clientRow(
    'fc_rcvd_proxy',
    'bool',
    'the client sent a PROXY header',
    client => client.proxyProtocol !== undefined,
  ),
  clientRow(
    'fc_pp_authority',
    'str',
    'authority of the PROXY header',
    client => client.proxyProtocol?.authority,
  ),
  clientRow(
    'fc_pp_unique_id',
    'str',
    'unique identifier of the PROXY header',
    client => client.proxyProtocol?.uniqueId,
  ),
  {
    name: 'fc_pp_tlv',
    args: ['id:str'],
    out: 'str',
    sources: ['client-side connection'],
    summary: 'a field of the PROXY header, by number or name',
    compile: args => {
      const text = args[0]?.text ?? '';
      const type = TLV_TYPES[text] ?? (/^(0x[0-9a-fA-F]+|[0-9]+)$/.test(text) ? Number(text) : -1);
      if (type < 0 || type > 255) return { error: 'expected a valid TLV type: a name or a number up to 255' };
      return ctx => ctx.client?.proxyProtocol?.tlv(type);
    },
  },
  clientRow('fc_http_major', 'int', 'HTTP major version of the client', client => client.httpMajor),
  clientRow('fc_err', 'int', 'error number of the client connection', client => code(client.error)),
  clientRow(
    'fc_err_str',
    'str',
    'error text of the client connection',
    client => client.error?.text ?? 'Success',
  ),
  clientRow('fc_err_name', 'str', 'error name of the client connection', client => client.error?.name ?? ''),
  clientRow('fc_glitches', 'int', 'anomalies on the client connection', client => client.glitches),
  clientRow('fc_nb_streams', 'int', 'streams of the client connection', client => client.streams),
  clientRow(
    'fc_settings_streams_limit',
    'int',
    'streams a client may have at a time',
    client => client.streamsLimit,
    ['client-side connection'],
  ),
  serverRow('bc_http_major', 'int', 'HTTP major version toward the server', server => server.httpMajor),
  serverRow('bc_err', 'int', 'error number of the server connection', server => code(server.error)),
  serverRow(
    'bc_err_str',
    'str',
    'error text of the server connection',
    server => server.error?.text ?? 'Success',
  ),
  serverRow('bc_err_name', 'str', 'error name of the server connection', server => server.error?.name ?? ''),
  serverRow('bc_glitches', 'int', 'anomalies on the server connection', server => server.glitches),
  serverRow('bc_nb_streams', 'int', 'streams of the server connection', server => server.streams),
  serverRow(
    'bc_settings_streams_limit',
    'int',
    'streams that the server takes at a time',
    server => server.streamsLimit,
  ),
  serverRow('bc_reused', 'bool', 'the server connection was used before', server => server.reused),
];
